import { BackupError } from "../../core/backup-error.ts";

/** The error for an encrypted file that is not what was written. `what` completes "the encrypted file ...". */
export function damagedContainer(what: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the encrypted file ${what}`,
    hint: "the file was cut off, changed or exchanged; use another copy or an earlier backup",
  });
}

/** The error for an encrypted file that this version cannot read. */
export function unknownContainer(what: string): BackupError {
  return new BackupError({
    code: "UNSUPPORTED_FORMAT",
    message: `the encrypted file ${what}`,
    hint: "a newer version of dbbackup may read it",
  });
}

/** The error for a key file beside an encrypted file that is not what was written. `what` completes "the key file ...". */
export function damagedKeyFile(name: string, what: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the key file "${name}" ${what}`,
    hint: "it was cut off, changed or exchanged: remove it, or put it back from a copy; older keys open the file as before",
  });
}
