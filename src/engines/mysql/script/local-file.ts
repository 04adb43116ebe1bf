import { BackupError } from "../../../core/backup-error.ts";

/** No script may have files of this machine. */
export function localFile(line: number): BackupError {
  return new BackupError({
    code: "FOREIGN_FILE",
    message: `line ${line} of the script is a LOAD DATA LOCAL, which would send files of this machine to the server`,
    hint: "it is never run; load that file with the stock client if you trust this script",
  });
}
