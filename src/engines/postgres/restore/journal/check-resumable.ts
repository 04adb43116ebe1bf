import { BackupError } from "../../../../core/backup-error.ts";
import type { RestoreRequest } from "../../../../ports/restore.ts";
import type { ArchiveReader } from "../../archive/archive-reader.ts";
import { journalSchema } from "./restore-journal.ts";

/**
 * Whether a restore of this archive can have a journal.
 * @throws BackupError USAGE
 */
export function checkResumable(
  { canReadAgain, entries }: Pick<ArchiveReader, "canReadAgain" | "entries">,
  { journal }: RestoreRequest,
): void {
  if (journal === undefined) return;
  const flag = journal === "resume" ? "--resume" : "--resumable";
  if (!canReadAgain) {
    throw new BackupError({
      code: "USAGE",
      message: `${flag} needs a backup that can be read again, and standard input cannot`,
      hint: "restore from a file",
    });
  }
  if (entries.every(({ desc, tag }) => desc !== "SCHEMA" || tag !== journalSchema)) return;
  throw new BackupError({
    code: "USAGE",
    message: `the backup holds a schema "${journalSchema}" itself, since it was made of a database that was being restored`,
    hint: `restore it without ${flag}`,
  });
}
