import type { BackupError } from "../../core/backup-error.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { isLocked, removeUnlocked } from "./remove-unlocked.ts";
import { recordKey, sweptKey, WORK_PREFIX, type WorkRecord } from "./work-record.ts";

/**
 * Removes what a work leaves: its unfinished uploads, what it published when it is not sealed, and its record last. An
 * object of somebody else under the same key stays.
 * @returns the keys of published objects that were removed
 * @throws BackupError LOCKED when some may not be removed yet; all others are
 */
export async function removeOwn(store: ObjectStore, record: WorkRecord): Promise<readonly string[]> {
  const temporary = `${WORK_PREFIX}${record.id}/`;
  const isSealed = record.seal !== undefined && (await isOwn(store, record.seal, record.id));
  for (const prefix of [temporary, ...record.keys]) {
    for await (const upload of store.unfinishedUploads(prefix)) {
      if (prefix.endsWith("/") || upload.key === prefix) await store.abandonUpload(upload);
    }
  }
  const removed: string[] = [];
  let locked: BackupError | undefined;
  if (!isSealed) {
    for (const key of record.keys) {
      for (const each of key.endsWith("/") ? await keysBelow(store, key) : [key]) {
        if (!(await isOwn(store, each, record.id))) continue;
        try {
          await removeUnlocked(store, each);
          removed.push(each);
        } catch (error) {
          if (!isLocked(error)) throw error;
          locked ??= error;
        }
      }
    }
  }
  // Then the record stays too: a later sweep finds what is left, and its lock gone.
  if (locked !== undefined) throw locked;
  const own = recordKey(record.id);
  for (const key of await keysBelow(store, temporary)) if (key !== own) await store.remove(key);
  await store.remove(sweptKey(record.id));
  await store.remove(own);
  return removed;
}

async function isOwn(store: ObjectStore, key: string, work: string): Promise<boolean> {
  return (await store.head(key))?.work === work;
}

async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, true)) keys.push(key);
  return keys;
}
