import { BackupError } from "../../core/backup-error.ts";
import { HOLD_SUFFIX, METADATA_SUFFIX, REMOVAL_SUFFIX, VERIFICATION_SUFFIX } from "../../core/backup-name.ts";
import { KEY_FILE_MARK } from "../../core/encrypted-file.ts";
import { isEarlier } from "../../core/metadata/earlier-metadata.ts";
import { lockedError, type ObjectLock } from "../../core/object-lock.ts";
import { printable } from "../../core/printable.ts";
import type { Storage } from "../../ports/storage.ts";
import type { FoundBackup } from "../found-backup.ts";
import { readWhole } from "../read-whole.ts";
import { readHold } from "../retention/read-hold.ts";
import { isBeside } from "../write-beside.ts";
import { formatRemoval, isOfBackup, MAX_REMOVAL_BYTES, parseRemoval, type Removal } from "./removal-record.ts";

/** Objects that are asked for beside each other. */
const LOOKS_AT_ONCE = 8;
const MAX_SHOWN_REASON = 200;
/** A removal that goes on has got past its record within seconds; but clocks are set back, by an hour or more. */
const ABANDONED_MS = 24 * 3600 * 1000;

/**
 * Says what belongs to a backup of a repository: its metadata, its artifacts, and of both the key files and results of verifications
 * that lie beside them. Nothing else, wherever it lies.
 * @param storage that it was found in
 * @throws BackupError DAMAGED when its metadata name a file that is not called as they are: it may be another backup's
 */
export async function removalOf(found: FoundBackup, storage: Storage): Promise<Removal> {
  const { metadata, metadataFile, artifacts } = found;
  if (metadata === undefined || metadataFile === undefined) throw new Error("only a backup with metadata is removed");
  if (isEarlier(metadata)) throw earliersBackup(found.location);
  const keyOf = (location: string): string => location.slice(storage.location.length + 1);
  const metadataKey = keyOf(metadataFile.location);
  const stem = metadataKey.slice(0, -METADATA_SUFFIX.length);
  const named = artifacts.map(({ file }) => keyOf(file!.location));
  for (const key of named) if (!isOfBackup(key, stem)) throw othersFile(key, found.location);
  const backup = { id: metadata.id, metadata: metadataKey, files: named };
  return { ...backup, files: [...new Set([...(await filesBeside(backup, storage)), ...named])] };
}

/** Key files, holds and results of verifications of a backup, as they lie there now. */
async function filesBeside({ metadata, files }: Removal, storage: Storage): Promise<readonly string[]> {
  const stem = metadata.slice(0, -METADATA_SUFFIX.length);
  const named = new Set([metadata, ...files]);
  const isKeyFile = (key: string) => named.has(key.slice(0, Math.max(0, key.lastIndexOf(KEY_FILE_MARK))));
  const isRecord = (key: string) => [VERIFICATION_SUFFIX, HOLD_SUFFIX].some((suffix) => isBeside(key, stem, suffix));
  const found: string[] = [];
  for await (const { key } of storage.list(`${stem}.`)) if (isRecord(key) || isKeyFile(key)) found.push(key);
  if (!files.some((key) => key.startsWith(`${stem}/`))) return found;
  for await (const { key } of storage.list(`${stem}/`)) if (isKeyFile(key)) found.push(key);
  return found;
}

function earliersBackup(object: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "an earlier version of dbbackup wrote the backup, and what those wrote is never changed or removed",
    object,
    hint: "remove it by hand, with the files beside it that begin with its name",
  });
}

function othersFile(key: string, object: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the metadata name "${key}", which may be a file of another backup; nothing was removed`,
    object,
    hint: "look at both, and remove by hand what nobody needs",
  });
}

/**
 * Removes a backup. What is to go is written down first and the metadata go next, so that there is no backup any more from then
 * on; what an interruption leaves, `finishRemovals` removes.
 * @throws BackupError LOCKED when it is on hold, or an object of it may not be removed yet: then all of it stays; IO
 */
export async function removeBackup(removal: Removal, storage: Storage, now: Date): Promise<void> {
  await refuseHeld(removal, storage, now);
  await refuseLocked([removal.metadata, ...removal.files], storage);
  const key = removalKey(removal.metadata);
  await writeRecord(key, removal, storage);
  // Who puts a backup on hold writes that down first, and looks for this record then: one of both sees the other.
  const held = await refuseHeld({ ...removal, files: await filesBeside(removal, storage) }, storage, now).catch(
    (error: unknown) => error,
  );
  if (held !== undefined) {
    await storage.remove(key);
    throw held;
  }
  await storage.remove(removal.metadata);
  await removeFiles(removal, key, storage);
}

/** The record of the removal of the backup with these metadata. */
export function removalKey(metadata: string): string {
  return `${metadata.slice(0, -METADATA_SUFFIX.length)}${REMOVAL_SUFFIX}`;
}

async function refuseHeld({ id, metadata, files }: Removal, storage: Storage, now: Date): Promise<void> {
  for (const key of files.filter((file) => file.endsWith(HOLD_SUFFIX))) {
    const hold = await readHold(key, storage);
    if (hold?.backupId === id && hold.until !== undefined && hold.until <= now) continue;
    const until = hold?.until === undefined ? "until it is released" : `until ${hold.until.toISOString()}`;
    throw new BackupError({
      code: "LOCKED",
      message: `it is on hold ${until}${hold?.reason === undefined ? "" : ` (${shortened(hold.reason)})`}; nothing of it was removed`,
      object: `${storage.location}/${metadata.slice(0, -METADATA_SUFFIX.length)}`,
      hint: "dbbackup release takes all of its holds back",
    });
  }
}

/** Whoever can write into the repository can write a reason. */
function shortened(reason: string): string {
  return printable(reason.length > MAX_SHOWN_REASON ? `${reason.slice(0, MAX_SHOWN_REASON)}...` : reason);
}

/** Names the object that is locked for the longest time: when that is free, all are. */
async function refuseLocked(keys: readonly string[], storage: Storage): Promise<void> {
  let longest: { readonly key: string; readonly lock: ObjectLock } | undefined;
  for (let first = 0; first < keys.length; first += LOOKS_AT_ONCE) {
    const found = await Promise.all(keys.slice(first, first + LOOKS_AT_ONCE).map((key) => storage.stat(key)));
    for (const object of found) {
      if (object?.lock === undefined || (longest !== undefined && endOf(object.lock) <= endOf(longest.lock))) continue;
      longest = { key: object.key, lock: object.lock };
    }
  }
  if (longest !== undefined) throw lockedError(`${storage.location}/${longest.key}`, longest.lock);
}

function endOf({ until }: ObjectLock): number {
  return until?.getTime() ?? Number.POSITIVE_INFINITY;
}

async function writeRecord(key: string, removal: Removal, storage: Storage): Promise<void> {
  const work = await storage.beginWork();
  try {
    const pending = await work.create(key);
    await pending.write(formatRemoval(removal));
    await pending.commit(key, "seal");
  } catch (error) {
    // One of an earlier attempt, which ended before it removed anything.
    if (!(error instanceof BackupError) || error.code !== "EXISTS") throw error;
  } finally {
    await work.end();
  }
}

async function removeFiles(removal: Removal, key: string, storage: Storage): Promise<void> {
  // When the record is gone, another run has finished: what has these names now may be of a copy that came since.
  const isOver = async (): Promise<boolean> => (await storage.stat(key)) === undefined;
  for (const file of removal.files) {
    if (await isOver()) return;
    await storage.remove(file);
  }
  // What came while it was removed, or since an earlier attempt wrote the record.
  for (const file of await filesBeside(removal, storage)) {
    if (await isOver()) return;
    await storage.remove(file);
  }
  await storage.remove(key);
}

/**
 * Finishes removals that were interrupted behind the metadata. One whose backup is still there, or there again, is left alone.
 * @returns the ids of the backups
 * @throws BackupError IO
 */
export async function finishRemovals(storage: Storage): Promise<readonly string[]> {
  const finished: string[] = [];
  for (const [key, removal] of await unfinishedRemovals(storage)) {
    await removeFiles(removal, key, storage);
    finished.push(removal.id);
  }
  return finished;
}

/**
 * Removals that were interrupted behind the metadata, by the keys of their records.
 * @param listed the records of removals, where the repository was listed just now
 * @throws BackupError IO
 */
export async function unfinishedRemovals(
  storage: Storage,
  listed?: readonly string[],
): Promise<ReadonlyMap<string, Removal>> {
  const unfinished = new Map<string, Removal>();
  for (const key of listed ?? (await listRemovals(storage))) {
    const removal = await readRemoval(key, storage);
    if (removal === undefined || (await storage.stat(removal.metadata)) !== undefined) continue;
    unfinished.set(key, removal);
  }
  return unfinished;
}

async function listRemovals(storage: Storage): Promise<readonly string[]> {
  const begun: string[] = [];
  for await (const { key, size } of storage.list("")) if (isRemovalRecord(key, size)) begun.push(key);
  return begun;
}

/** Whether an object of a repository is the record of a removal. @param size its bytes */
export function isRemovalRecord(key: string, size: number): boolean {
  return key.endsWith(REMOVAL_SUFFIX) && size <= MAX_REMOVAL_BYTES;
}

/** Undefined also for one that another run has finished in the meantime. */
async function readRemoval(key: string, storage: Storage): Promise<Removal | undefined> {
  try {
    return parseRemoval(await readWhole(storage, key), key);
  } catch (error) {
    if (error instanceof BackupError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/**
 * Forgets removals that died before they had removed anything: the backup is there, and whole. They are old when something in the
 * repository is younger by a day: the clock of this machine may be wrong.
 * @throws BackupError IO
 */
export async function forgetRemovals(storage: Storage): Promise<void> {
  const begun = new Map<string, number>();
  let newest = Number.NEGATIVE_INFINITY;
  for await (const { key, size, modified } of storage.list("")) {
    newest = Math.max(newest, modified.getTime());
    if (key.endsWith(REMOVAL_SUFFIX) && size <= MAX_REMOVAL_BYTES) begun.set(key, modified.getTime());
  }
  for (const [key, time] of begun) {
    if (newest - time <= ABANDONED_MS) continue;
    const removal = await readRemoval(key, storage);
    if (removal !== undefined && (await storage.stat(removal.metadata)) !== undefined) await storage.remove(key);
  }
}
