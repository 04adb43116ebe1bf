import { BackupError } from "../../../core/backup-error.ts";
import type { Compression } from "../../../core/compression.ts";

/**
 * Minor number of an archive version: 14 is `1.14`. What each one brought: 13 schema-qualified names, 14 table access
 * methods, 15 the compression method in the header (lz4, zstd), 16 relkind and grouped large objects.
 */
export type ArchiveMinor = (typeof readableMinors)[number];

export const readableMinors = [12, 13, 14, 15, 16] as const;
export const writableMinors = [14, 15, 16] as const;
export type WritableMinor = (typeof writableMinors)[number];

export const firstMinorWith = { tableAccessMethod: 14, compressionMethod: 15, relkind: 16 } as const;

export function formatArchiveVersion(minor: number): string {
  return `1.${minor}`;
}

export interface ArchiveVersionChoice {
  readonly minor: WritableMinor;
  /** Why it is not what the server's version alone would give; to be told to the user. */
  readonly note?: string;
}

/**
 * The archive version to write: the one that pg_dump of the server's major version writes (so that its pg_restore, and
 * at least that of 12, reads it), raised when the compression asks for more.
 * @param wished as given by the user: `1.14`, `1.15`, `1.16`.
 * @throws BackupError USAGE when the wish is unknown or cannot hold the compression.
 */
export function chooseArchiveVersion(
  serverMajor: number,
  compression: Compression,
  wished?: string,
): ArchiveVersionChoice {
  const needsMethod = compression.method === "zstd" || compression.method === "lz4";
  if (wished !== undefined) return { minor: honourWish(wished, compression, needsMethod) };
  const native: WritableMinor = serverMajor >= 17 ? 16 : serverMajor === 16 ? 15 : 14;
  if (!needsMethod || native >= firstMinorWith.compressionMethod) return { minor: native };
  return {
    minor: firstMinorWith.compressionMethod,
    note: `archive version raised from ${formatArchiveVersion(native)} to 1.15 for ${compression.method}: pg_restore 16 or newer reads it, pg_restore ${serverMajor} does not`,
  };
}

function honourWish(wished: string, compression: Compression, needsMethod: boolean): WritableMinor {
  const minor = writableMinors.find((known) => formatArchiveVersion(known) === wished);
  if (minor === undefined) {
    throw new BackupError({
      code: "USAGE",
      message: `archive version "${wished}" cannot be written`,
      hint: `use ${writableMinors.map(formatArchiveVersion).join(", ")}`,
    });
  }
  if (needsMethod && minor < firstMinorWith.compressionMethod) {
    throw new BackupError({
      code: "USAGE",
      message: `archive version "${wished}" cannot hold ${compression.method}`,
      hint: "use --archive-version 1.15 or 1.16, or --compression gzip",
    });
  }
  return minor;
}
