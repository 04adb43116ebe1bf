import { BackupError } from "../../core/backup-error.ts";
import { HOLD_SUFFIX, METADATA_SUFFIX, VERIFICATION_SUFFIX } from "../../core/backup-name.ts";
import { KEY_FILE_MARK, withoutSuffix } from "../../core/encrypted-file.ts";
import type { Storage, StoredObject } from "../../ports/storage.ts";
import { nameBeside } from "../write-beside.ts";

/** Whoever wrote it has looked since whether the backup is still there, or is dead. */
const STRANDED_MS = 24 * 3600 * 1000;

const recordEnd = /\.\d{8}T\d{6}Z[^./]*\.(?:hold|verify)\.json$/;
const KEY_FILE_DIGITS = 8;
const MINUS = 0x2d;
const keyFileEnd = /\.keys-\d{8}T\d{6}Z-[0-9a-f]{8}$/;

/** Of other names, such as those of single files that were encrypted, everything stays. */
const namedByUs = /_(?:full|incremental|differential|sample)_\d{8}T\d{6}Z(?:-\d+)?(?:\.|$)/;

/**
 * Finds names of backups of which a listing seems to show records and key files only: of those that died when they wrote one, while
 * somebody else removed the backup. To be given all keys of a repository, and its folders, in their order.
 */
export class StrandedNames {
  readonly #found: string[] = [];
  /** Names of records, or of folders, whose keys are just passing, of which nothing else has passed. */
  readonly #passing = new Set<string>();
  /** The last key that is no record, without those behind it that begin with it and a dot. */
  #file = "";

  add(key: string): void {
    if (this.#passing.size > 0) this.#pass(key);
    // Key files of what lies in a folder are in there, too: there may be nothing else.
    const name = key.endsWith("/") ? key.slice(0, -1) : nameOfRecord(key);
    if (name === undefined) {
      for (const passing of this.#passing) if (isOf(key, passing)) this.#passing.delete(passing);
      if (!isOf(key, this.#file)) this.#file = key;
    } else if (!isOf(this.#file, name) && namedByUs.test(name)) this.#passing.add(name);
  }

  /** When all keys were given. */
  end(): readonly string[] {
    this.#pass("");
    return this.#found;
  }

  /** In their order all keys that begin with a name stand together. */
  #pass(key: string): void {
    for (const name of this.#passing) {
      if (key.startsWith(name)) continue;
      this.#passing.delete(name);
      this.#found.push(name);
    }
  }
}

/**
 * Keys of records, and of key files, that belong to nothing: of their backup nothing else is there, neither metadata nor a file nor the
 * record of a removal, and all have lain there for a day.
 * @param names of backups, as `StrandedNames` finds them
 * @throws BackupError CONNECT, CONNECTION_LOST; what cannot be looked at for another reason stays
 */
export async function strandedRecords(
  names: readonly string[],
  storage: Storage,
  now: Date,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const stranded: string[] = [];
  for (const name of names) {
    signal.throwIfAborted();
    stranded.push(...(await strandedOf(name, storage, now).catch(unlessUnknown)));
  }
  return stranded;
}

async function strandedOf(name: string, storage: Storage, now: Date): Promise<readonly string[]> {
  const isStranded = ({ key, modified }: StoredObject): boolean =>
    (keyFileEnd.test(key) || nameOfRecord(key) === name) && now.getTime() - modified.getTime() > STRANDED_MS;
  // A folder of files whose metadata were lost is told by its first one. To list what is beside it may take a look at all there is.
  for await (const object of storage.list(`${name}/`, { recursive: true })) if (!isStranded(object)) return [];
  const keys: string[] = [];
  for await (const object of storage.list(name, { recursive: true })) {
    const { key } = object;
    if (!isOf(key, name) && !key.startsWith(`${name}/`)) continue;
    if (!isStranded(object)) return [];
    keys.push(key);
  }
  return keys;
}

/** Of a folder that another user made, or that the disk does not give, nobody knows what is in it: whoever may, looks later. */
function unlessUnknown(error: unknown): readonly string[] {
  if (error instanceof BackupError && (error.code === "IO" || error.code === "AUTH")) return [];
  throw error;
}

function isOf(key: string, name: string): boolean {
  return key.startsWith(name) && (key.length === name.length || key[name.length] === ".");
}

/** Name of the backup that a record or key file lies beside; undefined for other files. */
function nameOfRecord(key: string): string | undefined {
  if (key.endsWith(HOLD_SUFFIX)) return recordEnd.test(key) ? nameBeside(key, HOLD_SUFFIX) : undefined;
  if (key.endsWith(VERIFICATION_SUFFIX)) return recordEnd.test(key) ? nameBeside(key, VERIFICATION_SUFFIX) : undefined;
  // Of a hundred thousand names hardly one is looked at closer.
  if (key.charCodeAt(key.length - KEY_FILE_DIGITS - 1) !== MINUS) return undefined;
  const mark = key.lastIndexOf(KEY_FILE_MARK);
  if (mark < 1 || !keyFileEnd.test(key)) return undefined;
  const file = key.slice(0, mark);
  return file.endsWith(METADATA_SUFFIX) ? file.slice(0, -METADATA_SUFFIX.length) : withoutSuffix(file);
}
