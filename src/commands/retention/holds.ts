import { BackupError } from "../../core/backup-error.ts";
import { HOLD_SUFFIX, METADATA_SUFFIX } from "../../core/backup-name.ts";
import { formatHold, type Hold, MAX_HOLD_BYTES } from "../../core/retention/hold-record.ts";
import type { Storage } from "../../ports/storage.ts";
import type { FoundBackup } from "../found-backup.ts";
import type { ListedObjects } from "../listed-objects.ts";
import { folderOf, nameOf } from "../proof/place-of-backup.ts";
import { removalKey } from "../removal/remove-backup.ts";
import { isBeside, nameBeside, writeBeside } from "../write-beside.ts";
import { readHold } from "./read-hold.ts";

/** A record of a hold. */
export interface StoredHold {
  /** Name of the backup that it lies beside. */
  readonly name: string;
  /** Undefined for a file that cannot be read as one: the backup beside it is taken for held. */
  readonly hold: Hold | undefined;
}

/**
 * Writes down that a backup is not to be removed.
 * @param backup of the repository
 * @returns the key of the record
 * @throws BackupError NOT_FOUND, PRECHECK when a run is removing it: whether it stays is not known then; IO
 */
export async function holdBackup(backup: FoundBackup, hold: Omit<Hold, "backupId">, storage: Storage): Promise<string> {
  const text = formatHold({ ...hold, backupId: idOf(backup) });
  const name = nameOf(backup.location);
  const key = await writeBeside({ name, time: hold.since, suffix: HOLD_SUFFIX, text }, storage);
  // Who removes says so first, and looks for holds then: one of both sees the other.
  const metadata = `${name}${METADATA_SUFFIX}`;
  if ((await storage.stat(removalKey(metadata))) !== undefined) throw beingRemoved(backup.location);
  if ((await storage.stat(metadata)) !== undefined) return key;
  await storage.remove(key);
  throw new BackupError({
    code: "NOT_FOUND",
    message: "it was removed in the meantime",
    object: backup.location,
    hint: "see what is there with list",
  });
}

/**
 * Removes all records that a backup is held, also those that have ended.
 * @returns their keys
 * @throws BackupError IO
 */
export async function releaseBackup(backup: FoundBackup, storage: Storage): Promise<readonly string[]> {
  const keys = await keysBeside(nameOf(backup.location), storage);
  for (const key of keys) await storage.remove(key);
  return keys;
}

/**
 * The holds of one backup, oldest first; undefined stands for a record that cannot be read, which holds it, too.
 * @throws BackupError IO
 */
export async function holdsOf(
  { location, metadata }: FoundBackup,
  openStorage: (location: string) => Promise<Storage>,
): Promise<readonly (Hold | undefined)[]> {
  const storage = await openStorage(folderOf(location));
  const holds: (Hold | undefined)[] = [];
  for (const key of await keysBeside(nameOf(location), storage)) {
    const hold = await readHold(key, storage);
    holds.push(hold?.backupId === metadata?.id ? hold : undefined);
  }
  return holds.toSorted((a, b) => (a?.since.getTime() ?? 0) - (b?.since.getTime() ?? 0));
}

/** The holds of a repository. @param objects that lie in it @throws BackupError IO */
export async function readHolds(objects: ListedObjects, storage: Storage): Promise<readonly StoredHold[]> {
  const holds: StoredHold[] = [];
  for (const key of objects.keys()) {
    if (!key.endsWith(HOLD_SUFFIX)) continue;
    holds.push({
      name: nameBeside(key, HOLD_SUFFIX),
      hold: objects.get(key)! > MAX_HOLD_BYTES ? undefined : await readHold(key, storage),
    });
  }
  return holds;
}

async function keysBeside(name: string, storage: Storage): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(`${name}.`)) if (isBeside(key, name, HOLD_SUFFIX)) keys.push(key);
  return keys;
}

function beingRemoved(object: string): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: "a run is removing it, or died when it began to: whether it stays is not known",
    object,
    hint: "see with list whether it is still there; then the hold binds, and a later cleanup forgets the removal",
    retry: "maybe",
  });
}

function idOf({ metadata, location }: FoundBackup): string {
  if (metadata !== undefined) return metadata.id;
  throw new BackupError({
    code: "USAGE",
    message: "it is a file without metadata, which no clean-up removes",
    object: location,
    hint: "name a backup of the repository",
  });
}
