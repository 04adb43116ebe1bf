import { createHash } from "node:crypto";
import { isUuid } from "../../core/uuid-v7.ts";

/**
 * What a copy of a backup goes by while it is unfinished: its id, which names folders and objects. One that is no UUID, as those of
 * dbbackup 2 and 3, or a stranger's, is not used as it is.
 */
export function transferId(backup: string): string {
  if (isUuid(backup)) return backup.toLowerCase();
  const digits = createHash("sha256").update(backup).digest("hex");
  // Version 8 says that it is made in a way of our own.
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join("-");
}
