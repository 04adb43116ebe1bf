import { BackupError } from "../core/backup-error.ts";
import type { CompressionMethod } from "../core/compression.ts";

/** The error for compressed bytes that are not what was written. `what` completes "the gzip stream …". */
export function damagedStream(method: CompressionMethod, what: string, cause?: unknown): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the ${method} stream ${what}`,
    hint: "the file was cut off or changed; use another copy or an earlier backup",
    ...(cause === undefined ? {} : { cause }),
  });
}
