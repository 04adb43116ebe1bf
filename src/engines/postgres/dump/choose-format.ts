import { BackupError } from "../../../core/backup-error.ts";
import type { ArchiveFormat } from "../../../core/dump-format.ts";
import type { DumpRequest } from "../../../ports/dump.ts";
import { chooseArchiveVersion, firstMinorWith, type WritableMinor } from "../archive/archive-version.ts";
import type { Capabilities } from "../capabilities.ts";

/** How a dump is written. */
export type ChosenFormat = {
  /** Large objects as groups (1.16 and scripts of today), or one entry each. */
  readonly groupsLargeObjects: boolean;
  /** What the user should know about the choice. */
  readonly note?: string;
} & (
  | { readonly kind: "script" }
  | { readonly kind: "archive"; readonly container: ArchiveFormat; readonly minor: WritableMinor }
);

/** @throws BackupError USAGE for a wish that cannot be granted. */
export function chooseFormat(request: DumpRequest, capabilities: Pick<Capabilities, "major">): ChosenFormat {
  if (request.format === "sql") throw scriptOfOthers();
  if (request.format === "plain") return { kind: "script", groupsLargeObjects: true };
  const { minor, note } = chooseArchiveVersion(capabilities.major, request.compression, request.archiveVersion);
  const groupsLargeObjects = minor >= firstMinorWith.relkind;
  return {
    kind: "archive",
    container: request.format,
    minor,
    groupsLargeObjects,
    ...(note === undefined ? {} : { note }),
  };
}

/** The script of PostgreSQL is called plain, as pg_dump calls it. */
export function scriptOfOthers(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "format sql is for MySQL and MariaDB",
    hint: "use --format plain for a script of PostgreSQL",
  });
}
