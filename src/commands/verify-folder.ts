import { BackupError } from "../core/backup-error.ts";
import type { BackupChecker, CheckedBackup } from "../ports/backup-checker.ts";
import type { FoundBackup, FoundFolder } from "./found-backup.ts";
import { HashedFiles } from "./hashed-files.ts";
import type { ReadProgress } from "./read-progress.ts";

/** Something in a backup that is not what was written. */
export interface Damage {
  /** Artifact, or object in it. */
  readonly object: string;
  readonly message: string;
}

/** What was found in stored bytes, and in what they decode to. */
export interface VerifiedBytes {
  readonly size: number;
  readonly contents?: CheckedBackup;
  readonly damage: readonly Damage[];
  readonly notes: readonly string[];
}

/** Findings that are about the backup, and no reason to stop. */
export const damageCodes: ReadonlySet<string> = new Set(["DAMAGED", "FOREIGN_FILE"]);

/** Checks a backup that is a folder: each of its files against the metadata, and all of them as one archive. */
export async function verifyFolder(
  backup: FoundBackup,
  folder: FoundFolder,
  checker: BackupChecker,
  progress: ReadProgress,
  limit: { readonly maxPlainBytes?: number },
  signal: AbortSignal,
): Promise<VerifiedBytes> {
  const files = new HashedFiles(backup, await folder.sizes(), (count) => progress.add(count));
  const damage: Damage[] = [];
  const contents = await checker.check({ kind: "folder", files, ...limit }, signal).catch((error: unknown) => {
    if (!(error instanceof BackupError) || !damageCodes.has(error.code)) throw error;
    damage.push({ object: error.object ?? backup.location, message: error.message });
  });
  await files.finish(signal);
  damage.unshift(...files.changed.map(({ name, message }) => ({ object: name, message })));
  const unhashed = backup.metadata?.artifacts.filter(({ sha256 }) => sha256 === undefined).length ?? 0;
  let size = 0;
  for (const bytes of files.sizes.values()) size += bytes;
  return {
    size,
    damage,
    notes: unhashed === 0 ? [] : [`the metadata has no hash of ${unhashed} files`],
    ...(contents === undefined ? {} : { contents }),
  };
}
