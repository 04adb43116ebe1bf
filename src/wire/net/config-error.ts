import { BackupError } from "../../core/backup-error.ts";

/** A connection setting that cannot be honoured: known before anything is asked. */
export function configError(message: string, hint: string, cause?: unknown): BackupError {
  return new BackupError({ code: "CONFIG", message, hint, ...(cause === undefined ? {} : { cause }) });
}
