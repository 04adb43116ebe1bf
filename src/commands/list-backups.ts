import { BackupError } from "../core/backup-error.ts";
import { METADATA_SUFFIX } from "../core/backup-name.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import type { Storage } from "../ports/storage.ts";
import { backupInRepository, type FoundBackup, fileName, loadMetadata } from "./found-backup.ts";

/** A backup of a repository, and what is wrong with it as far as a listing can tell. */
export interface ListedBackup {
  readonly backup: FoundBackup;
  readonly metadata: BackupMetadata;
  readonly problems: readonly string[];
}

export interface Listing {
  /** Oldest first. */
  readonly backups: readonly ListedBackup[];
  /** Metadata that could not be read. */
  readonly unreadable: readonly BackupError[];
}

/** Metadata that are read beside each other: far away each waits for its own answers. */
const READ_AT_ONCE = 8;

/**
 * All backups of a repository.
 * @throws BackupError NOT_FOUND when there is no such repository, IO
 */
export async function listBackups(storage: Storage, signal: AbortSignal): Promise<Listing> {
  const sizes = new Map<string, number>();
  for await (const { key, size } of storage.list("")) {
    signal.throwIfAborted();
    sizes.set(key, size);
  }
  const backups: ListedBackup[] = [];
  const unreadable: BackupError[] = [];
  const keys = [...sizes.keys()].filter((key) => key.endsWith(METADATA_SUFFIX));
  for (let first = 0; first < keys.length; first += READ_AT_ONCE) {
    signal.throwIfAborted();
    const read = keys.slice(first, first + READ_AT_ONCE).map((key) => readListed(storage, key, sizes));
    for (const listed of await Promise.all(read)) {
      if (listed instanceof BackupError) unreadable.push(listed);
      else if (listed !== undefined) backups.push(listed);
    }
  }
  return { backups: backups.toSorted(byTime), unreadable };
}

/** Undefined for one that was removed since the listing: it is not there, and nothing is wrong with that. */
async function readListed(
  storage: Storage,
  key: string,
  sizes: ReadonlyMap<string, number>,
): Promise<ListedBackup | BackupError | undefined> {
  try {
    const metadata = await readMetadataOf(storage, key);
    const backup = backupInRepository(storage, key, metadata);
    const problems =
      backup.folder === undefined
        ? problemsOf(metadata, sizes, (name) => name)
        : problemsOf(metadata, await backup.folder.sizes(), fileName);
    return { backup, metadata, problems };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return error.code === "NOT_FOUND" ? undefined : error;
  }
}

async function readMetadataOf(storage: Storage, key: string): Promise<BackupMetadata> {
  const object = await storage.open(key);
  try {
    return await loadMetadata(object, `${storage.location}/${key}`);
  } finally {
    await object.close();
  }
}

function problemsOf(
  metadata: BackupMetadata,
  sizes: ReadonlyMap<string, number>,
  keyOf: (name: string) => string,
): string[] {
  return metadata.artifacts.flatMap(({ name, size }) => {
    const key = keyOf(name);
    if (key.includes("/")) return []; // Not in this listing; `verify` looks.
    const found = sizes.get(key);
    if (found === undefined) return [`"${name}" is missing`];
    return found === size ? [] : [`"${name}" has ${found} bytes instead of ${size}`];
  });
}

function byTime(a: ListedBackup, b: ListedBackup): number {
  const times = Date.parse(a.metadata.timestamp) - Date.parse(b.metadata.timestamp);
  return times !== 0 ? times : a.metadata.id < b.metadata.id ? -1 : 1;
}
