import { BackupError } from "../../core/backup-error.ts";
import { HOLD_SUFFIX, METADATA_SUFFIX, REMOVAL_SUFFIX, VERIFICATION_SUFFIX } from "../../core/backup-name.ts";
import { KEY_FILE_MARK } from "../../core/encrypted-file.ts";
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

/**
 * Says what belongs to a backup of a repository: its metadata, its artifacts, and of both the key files and results of verifications
 * that lie beside them. Nothing else, wherever it lies.
 * @param storage that it was found in
 * @throws BackupError DAMAGED when its metadata name a file that is not called as they are: it may be another backup's
 */
export async function removalOf(found: FoundBackup, storage: Storage): Promise<Removal> {
  const { metadata, metadataFile, artifacts } = found;
  if (metadata === undefined || metadataFile === undefined) throw new Error("only a backup with metadata is removed");
  const keyOf = (location: string): string => location.slice(storage.location.length + 1);
  const metadataKey = keyOf(metadataFile.location);
  const stem = metadataKey.slice(0, -METADATA_SUFFIX.length);
  const files: string[] = [];
  const addBeside = async (prefix: string, isOurs: (key: string) => boolean): Promise<void> => {
    for await (const { key } of storage.list(prefix)) if (isOurs(key)) files.push(key);
  };
  await addBeside(`${stem}.`, (key) =>
    [VERIFICATION_SUFFIX, HOLD_SUFFIX].some((suffix) => isBeside(key, stem, suffix)),
  );
  await addBeside(`${metadataKey}${KEY_FILE_MARK}`, () => true);
  const named = new Set(artifacts.map(({ file }) => keyOf(file!.location)));
  for (const key of named) if (!isOfBackup(key, stem)) throw othersFile(key, found.location);
  files.push(...named);
  if (found.folder === undefined) {
    for (const key of named) await addBeside(`${key}${KEY_FILE_MARK}`, () => true);
  } else {
    await addBeside(`${stem}/`, (key) => named.has(key.slice(0, key.lastIndexOf(KEY_FILE_MARK))));
  }
  return { id: metadata.id, metadata: metadataKey, files };
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
  const key = `${removal.metadata.slice(0, -METADATA_SUFFIX.length)}${REMOVAL_SUFFIX}`;
  await writeRecord(key, removal, storage);
  await storage.remove(removal.metadata);
  await removeFiles(removal, key, storage);
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

async function removeFiles({ files }: Removal, key: string, storage: Storage): Promise<void> {
  for (const file of files) await storage.remove(file);
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

/** Removals that were interrupted behind the metadata, by the keys of their records. @throws BackupError IO */
export async function unfinishedRemovals(storage: Storage): Promise<ReadonlyMap<string, Removal>> {
  const unfinished = new Map<string, Removal>();
  const begun: string[] = [];
  for await (const { key, size } of storage.list("")) {
    if (key.endsWith(REMOVAL_SUFFIX) && size <= MAX_REMOVAL_BYTES) begun.push(key);
  }
  for (const key of begun) {
    const removal = parseRemoval(await readWhole(storage, key), key);
    if (removal === undefined || (await storage.stat(removal.metadata)) !== undefined) continue;
    unfinished.set(key, removal);
  }
  return unfinished;
}
