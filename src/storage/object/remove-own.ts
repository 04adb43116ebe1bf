import { BackupError } from "../../core/backup-error.ts";
import { eachOf } from "../../core/each-of.ts";
import type { ObjectStore, UnfinishedUpload } from "../../ports/object-store.ts";
import { readRecord } from "./read-record.ts";
import { isLocked, removeUnlocked } from "./remove-unlocked.ts";
import { covers, recordKey, sweptKey, WORK_PREFIX, type WorkRecord, workOfKey } from "./work-record.ts";

/** Objects that are looked at and removed beside each other. */
const REMOVED_AT_ONCE = 8;
/** A record is written once a minute, and when a work has something to say. */
const READ_ATTEMPTS = 5;

/** What a work leaves, besides its record. */
export interface LeftByWork {
  /** Keys of what it published and did not seal. */
  readonly objects: readonly string[];
  /** Keys of its unfinished uploads. */
  readonly uploads: readonly string[];
}

/** What `removeOwn` would remove. */
export async function leftBy(store: ObjectStore, record: WorkRecord): Promise<LeftByWork> {
  const uploads = await ownUploads(store, record);
  return { objects: await ownObjects(store, record), uploads: uploads.map(({ key }) => key) };
}

/**
 * Removes what a work leaves: its unfinished uploads, what it published when it is not sealed, and its record last. An
 * object of somebody else under the same key stays.
 * @param isSealed where that is known: services may be late to show it
 * @returns what was removed
 * @throws BackupError LOCKED when some may not be removed yet; all others are
 */
export async function removeOwn(store: ObjectStore, record: WorkRecord, isSealed?: boolean): Promise<LeftByWork> {
  // First the uploads: one that somebody completes meanwhile is an object then.
  const uploads = await ownUploads(store, record);
  for (const upload of uploads) await store.abandonUpload(upload);
  const own = await ownObjects(store, record, isSealed);
  let locked: BackupError | undefined;
  const removed: string[] = [];
  await eachOf(own, REMOVED_AT_ONCE, async (key) => {
    try {
      await removeUnlocked(store, key);
      removed.push(key);
    } catch (error) {
      if (!isLocked(error)) throw error;
      locked ??= error;
    }
  });
  // Then the record stays too: a later sweep finds what is left, and its lock gone.
  if (locked !== undefined) throw locked;
  const temporary = await keysBelow(store, temporaryPrefix(record));
  await eachOf(temporary, REMOVED_AT_ONCE, async (key) => {
    if (key !== recordKey(record.id)) await store.remove(key);
  });
  await store.remove(sweptKey(record.id));
  await store.remove(recordKey(record.id));
  return { objects: removed.toSorted(), uploads: uploads.map(({ key }) => key) };
}

/** Keys of what a work published that was not sealed. @param isSealed where that is known */
async function ownObjects(store: ObjectStore, record: WorkRecord, isSealed?: boolean): Promise<readonly string[]> {
  if (isSealed ?? (record.seal !== undefined && (await isOwn(store, record.seal, record.id)))) return [];
  const own: string[] = [];
  for (const key of record.keys) {
    const keys = key.endsWith("/") ? await keysBelow(store, key) : [key];
    await eachOf(keys, REMOVED_AT_ONCE, async (each) => {
      if (await isOwn(store, each, record.id)) own.push(each);
    });
  }
  return own.toSorted();
}

/**
 * Uploads that a work has not finished. Where the service does not tell whose one is, it is that of whoever has announced its
 * key; of two who have, as runs do that began in the same second, the one that ends last removes what is left.
 */
async function ownUploads(store: ObjectStore, record: WorkRecord): Promise<readonly UnfinishedUpload[]> {
  const own: UnfinishedUpload[] = [];
  const unsure: UnfinishedUpload[] = [];
  for (const prefix of [temporaryPrefix(record), ...record.keys]) {
    for await (const upload of store.unfinishedUploads(prefix)) {
      if (!prefix.endsWith("/") && upload.key !== prefix) continue;
      const isKnown = upload.work === record.id || record.transfer?.uploads[upload.key] === upload.id;
      if (isKnown || upload.key.startsWith(temporaryPrefix(record))) own.push(upload);
      else if (upload.work === undefined) unsure.push(upload);
    }
  }
  if (unsure.length === 0) return own;
  const claims = await recordsOfOthers(store, record.id);
  return [...own, ...unsure.filter(({ key }) => !claims.some((claim) => covers(claim, key)))];
}

/** Records of all works but one. */
export async function recordsOfOthers(store: ObjectStore, id?: string): Promise<readonly WorkRecord[]> {
  const records: WorkRecord[] = [];
  for await (const { key, size } of store.list(WORK_PREFIX, true)) {
    const work = workOfKey(key);
    if (work === undefined || work === id) continue;
    const record = await readChangingRecord(store, work, size);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** Of a living work it may be written anew while it is read. */
async function readChangingRecord(store: ObjectStore, id: string, size: number): Promise<WorkRecord | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readRecord(store, id, size);
    } catch (error) {
      const isGone = error instanceof BackupError && (error.code === "IO" || error.code === "NOT_FOUND");
      if (!isGone || attempt === READ_ATTEMPTS) throw error;
    }
  }
}

function temporaryPrefix({ id }: WorkRecord): string {
  return `${WORK_PREFIX}${id}/`;
}

async function isOwn(store: ObjectStore, key: string, work: string): Promise<boolean> {
  return (await store.head(key))?.work === work;
}

async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, true)) keys.push(key);
  return keys;
}
