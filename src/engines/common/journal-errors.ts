import { BackupError } from "../../core/backup-error.ts";

/** There is nothing to go on with. */
export function noInterruptedRestore(): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: "the database holds no interrupted restore that can be resumed",
    hint: "only one that was begun with --resumable can be, and once it has finished nothing is left to do",
  });
}
