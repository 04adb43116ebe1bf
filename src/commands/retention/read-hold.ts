import { BackupError } from "../../core/backup-error.ts";
import { type Hold, MAX_HOLD_BYTES, parseHold } from "../../core/retention/hold-record.ts";
import type { Storage } from "../../ports/storage.ts";
import { readWhole } from "../read-whole.ts";

/**
 * A record of a hold; undefined for a file that is none, and for one that is not there any more: the backup beside it is taken for held,
 * the next look tells.
 * @throws BackupError IO
 */
export async function readHold(key: string, storage: Storage): Promise<Hold | undefined> {
  try {
    const bytes = await readWhole(storage, key);
    return bytes.length > MAX_HOLD_BYTES ? undefined : parseHold(bytes.toString("utf8"));
  } catch (error) {
    if (error instanceof BackupError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
