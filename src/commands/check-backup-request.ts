import { BackupError } from "../core/backup-error.ts";
import { isScriptFormat } from "../core/dump-format.ts";
import { wholeShape } from "../ports/dump-shape.ts";
import type { BackupSingleRequest } from "./backup-single.ts";
import { checkShape } from "./check-shape.ts";

/** Refuses what contradicts itself. @throws BackupError USAGE */
export function checkBackupRequest({
  format,
  compression,
  archiveVersion,
  restrictKey,
  ...more
}: Omit<BackupSingleRequest, "destination">): void {
  if (more.resumable !== undefined && format !== "directory") {
    throw new BackupError({
      code: "USAGE",
      message: `a backup in format ${format} is one file, and cannot be resumed`,
      hint: "use --format directory, where each table is a file of its own",
    });
  }
  if (more.encryption !== undefined && more.resumable !== undefined) {
    throw new BackupError({
      code: "USAGE",
      message: "a backup that is encrypted cannot be resumed: its notes would tell what is in it",
      hint: "leave out --encrypt, or --resumable and --resume",
    });
  }
  checkShape(more.shape ?? wholeShape, format, more.statistics === true);
  if (format === "tar" && compression.method !== "none") {
    throw new BackupError({
      code: "USAGE",
      message: "archives in tar format are not compressed inside",
      hint: "use --format custom or directory, or --compression none",
    });
  }
  if (isScriptFormat(format) && archiveVersion !== undefined) {
    throw new BackupError({
      code: "USAGE",
      message: `an archive version needs an archive, and format ${format} is a script`,
      hint: "leave out --archive-version, or use --format custom",
    });
  }
  if (format !== "plain" && restrictKey !== undefined) {
    throw new BackupError({
      code: "USAGE",
      message: `a restrict key stands in scripts only, not in format ${format}`,
      hint: "leave out --restrict-key, or use --format plain",
    });
  }
}
