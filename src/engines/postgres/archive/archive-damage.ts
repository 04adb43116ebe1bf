import { BackupError } from "../../../core/backup-error.ts";

/** The archive is not what was written: truncated, changed, or made to mislead. */
export function archiveDamage(message: string, position: number): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the archive is damaged: ${message} at byte ${position}`,
    hint: "restore from another copy of this backup",
  });
}

export function endsEarly(position: number): BackupError {
  return archiveDamage("it ends in the middle of a value", position);
}
