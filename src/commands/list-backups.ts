import { setImmediate as nextTurn } from "node:timers/promises";
import { BackupError } from "../core/backup-error.ts";
import { EARLIER_INFO_SUFFIX, METADATA_SUFFIX, VERIFICATION_SUFFIX } from "../core/backup-name.ts";
import { earlierEncryptedSize } from "../core/earlier-encryption.ts";
import { type BriefMetadata, BriefReader, briefTexts } from "../core/metadata/brief-metadata.ts";
import { isEarlier } from "../core/metadata/earlier-metadata.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import { MarkFinder } from "../core/verification/mark-finder.ts";
import type { KnownRepository, RememberedObject } from "../ports/catalogue.ts";
import type { ObjectListing, Storage, StoredObject } from "../ports/storage.ts";
import { backupInRepository, type FoundBackup, fileName, folderOf, loadMetadata, sizesIn } from "./found-backup.ts";
import { ListedObjects } from "./listed-objects.ts";

/** Bytes of files. */
type Sizes = Pick<ReadonlyMap<string, number>, "get">;

/** A backup of a repository, and what is wrong with it as far as a listing can tell. */
export interface ListedBackup {
  /** Where its metadata are. */
  readonly key: string;
  readonly backup: FoundBackup;
  readonly metadata: BackupMetadata;
  readonly problems: readonly string[];
}

/** The same, with what is needed of a backup among many. */
export interface BriefBackup {
  /** Where its metadata are. */
  readonly key: string;
  /** Of its file or folder. */
  readonly name: string;
  readonly brief: BriefMetadata;
  readonly problems: readonly string[];
}

export interface Listing {
  /** Oldest first. */
  readonly backups: readonly ListedBackup[];
  /** Metadata that could not be read. */
  readonly unreadable: readonly BackupError[];
  /** What lies in the repository beside its folders; of records of verifications no sizes. */
  readonly objects: ListedObjects;
  /** What the names of those records say. */
  readonly marks: MarkFinder;
}

/** Metadata that are read beside each other: far away each waits for its own answers. */
const READ_AT_ONCE = 8;

/** Metadata that are remembered together: what an interruption loses. */
const REMEMBERED_AT_ONCE = 500;
/** Of longer metadata, those of some ten thousand tables, only what lists need is remembered. */
const MAX_REMEMBERED = 1 << 20;
/** After so many metadata, known ones as they may be, signals and timers have their turn. */
const TURN_AFTER = 4096;

/**
 * All backups of a repository.
 * @param known what was read there before: metadata are read again only when their size or time is another one
 * @throws BackupError NOT_FOUND when there is no such repository, IO
 */
export async function listBackups(storage: Storage, signal: AbortSignal, known?: KnownRepository): Promise<Listing> {
  const backups: ListedBackup[] = [];
  const read = async (object: StoredObject, objects: ListedObjects): Promise<Read<ListedBackup>> => {
    const before = known?.textOf(object);
    const backup = await readOrKnown(storage, object, before);
    const { metadata } = backup;
    const listed = { key: object.key, backup, metadata, problems: await problemsOf(backup, objects) };
    const isLearnt = known !== undefined && before === undefined && object.size <= MAX_REMEMBERED;
    return { found: listed, learnt: isLearnt ? learntOf(object, backup) : undefined };
  };
  const take = (listed: ListedBackup): void => void backups.push(listed);
  return { ...(await eachMetadata(storage, signal, read, take, known)), backups: oldestFirst(backups) };
}

/**
 * The same, one after another, with no more of each than lists of many need: its metadata may have a line for each of its tables.
 * @param take is given each backup, in the order of names
 * @returns metadata that could not be read, and what lies there
 * @throws BackupError NOT_FOUND when there is no such repository, IO
 */
export async function eachBackup(
  storage: Storage,
  signal: AbortSignal,
  take: (listed: BriefBackup, marks: MarkFinder) => void,
  known?: KnownRepository,
): Promise<Omit<Listing, "backups">> {
  const reader = new BriefReader();
  const read = (object: StoredObject, objects: ListedObjects) => {
    const texts = known?.briefOf(object);
    if (texts === undefined) return readBriefly(storage, object, objects, reader, known);
    const brief = reader.read(texts, stemOf(object.key));
    // One of a hundred thousand: nothing is waited for where nothing need be.
    if (brief.folder === undefined) return { found: briefBackup(object.key, brief, problemsIn(brief, objects)) };
    return briefFolder(storage, object.key, brief);
  };
  return await eachMetadata(storage, signal, read, take, known);
}

/** What was read of a backup, and what of it was not known before. */
interface Read<T> {
  readonly found: T;
  readonly learnt?: RememberedObject | undefined;
}

/** Reads all metadata of a repository in the order of their names. */
async function eachMetadata<T>(
  storage: Storage,
  signal: AbortSignal,
  read: (object: StoredObject, objects: ListedObjects) => Read<T> | Promise<Read<T>>,
  take: (found: T, marks: MarkFinder) => void,
  known: KnownRepository | undefined,
): Promise<Omit<Listing, "backups">> {
  const objects = new ListedObjects();
  // Of each no more than a time is kept beside the sizes: an object and a date would be some 15 MiB for 100,000.
  const places: number[] = [];
  const times: number[] = [];
  for await (const piece of piecesOf(storage.list("", { folders: true, isNameEnough }))) {
    signal.throwIfAborted();
    for (const { key, size, modified } of piece) {
      const place = objects.add(key, size);
      if (!key.endsWith(METADATA_SUFFIX) && !key.endsWith(EARLIER_INFO_SUFFIX)) continue;
      places.push(place);
      times.push(modified.getTime());
    }
  }
  const marks = new MarkFinder(objects.keys());
  const unreadable: BackupError[] = [];
  let learnt: RememberedObject[] = [];
  const remember = (): void => {
    known?.remember(learnt);
    learnt = [];
  };
  const settle = (one: Read<T> | BackupError | undefined): void => {
    if (one === undefined) return;
    if (one instanceof BackupError) unreadable.push(one);
    else {
      take(one.found, marks);
      if (one.learnt !== undefined) learnt.push(one.learnt);
    }
  };
  let waiting: (Read<T> | Promise<Read<T> | BackupError | undefined>)[] = [];
  const settleAll = async (): Promise<void> => {
    for (const one of await Promise.all(waiting)) settle(one);
    waiting = [];
    if (learnt.length >= REMEMBERED_AT_ONCE) remember();
  };
  for (let at = 0; at < places.length; at++) {
    const { key, size } = objects.at(places[at]!);
    if (!key.endsWith(METADATA_SUFFIX) && !isEarlierInfo(key, objects)) continue;
    if (at % TURN_AFTER === TURN_AFTER - 1) await nextTurn();
    signal.throwIfAborted();
    const one = read({ key, size, modified: new Date(times[at]!) }, objects);
    if (!(one instanceof Promise) && waiting.length === 0) settle(one);
    else waiting.push(one instanceof Promise ? one.catch(toFinding) : one);
    if (waiting.length >= READ_AT_ONCE) await settleAll();
  }
  await settleAll();
  remember();
  known?.keepOnly(objects);
  return { unreadable, objects, marks };
}

function piecesOf(listing: ObjectListing): AsyncIterable<readonly StoredObject[]> {
  return listing.pieces?.() ?? inOnes(listing);
}

async function* inOnes(listing: ObjectListing): AsyncGenerator<readonly StoredObject[]> {
  for await (const object of listing) yield [object];
}

/** Undefined for one that was removed since the listing: it is not there, and nothing is wrong with that. */
function toFinding(error: unknown): BackupError | undefined {
  if (!(error instanceof BackupError)) throw error;
  return error.code === "NOT_FOUND" ? undefined : error;
}

/** What dbbackup 1 wrote beside a backup, and nothing else; 2 and 3 wrote it besides their metadata. */
function isEarlierInfo(key: string, objects: ListedObjects): boolean {
  if (!key.endsWith(EARLIER_INFO_SUFFIX)) return false;
  const file = key.slice(0, -EARLIER_INFO_SUFFIX.length);
  return objects.has(file) && !objects.has(`${file}${METADATA_SUFFIX}`);
}

async function readBriefly(
  storage: Storage,
  object: StoredObject,
  objects: ListedObjects,
  reader: BriefReader,
  known: KnownRepository | undefined,
): Promise<Read<BriefBackup>> {
  const backup = await readOrKnown(storage, object, known?.textOf(object));
  const learnt = learntOf(object, backup);
  const brief = reader.read(learnt.brief, stemOf(object.key));
  const found = briefBackup(object.key, brief, await problemsOf(backup, objects));
  return { found, learnt: learnt.brief.own.length <= MAX_REMEMBERED ? learnt : undefined };
}

type WithMetadata = FoundBackup & { readonly metadata: BackupMetadata };

/** @param before the text of its metadata, if that is known */
async function readOrKnown(storage: Storage, { key }: StoredObject, before: string | undefined): Promise<WithMetadata> {
  const metadata = before === undefined ? await readMetadataOf(storage, key) : (JSON.parse(before) as BackupMetadata);
  return { ...backupInRepository(storage, key, metadata), metadata };
}

function learntOf(object: StoredObject, { metadata, location }: WithMetadata): RememberedObject {
  const text = object.size > MAX_REMEMBERED ? undefined : JSON.stringify(metadata);
  return { object, text, brief: briefTexts(metadata, stemOf(object.key), folderOf(metadata, location)) };
}

function isNameEnough(key: string): boolean {
  return key.endsWith(VERIFICATION_SUFFIX);
}

function stemOf(metadataKey: string): string {
  return metadataKey.slice(0, -METADATA_SUFFIX.length);
}

function briefBackup(key: string, brief: BriefMetadata, problems: readonly string[]): BriefBackup {
  // Of ours it is a part of the key, which is in memory anyway.
  return { key, brief, problems, name: isEarlier(brief.common) ? brief.artifacts[0]!.name : stemOf(key) };
}

async function briefFolder(storage: Storage, key: string, brief: BriefMetadata): Promise<Read<BriefBackup>> {
  const sizes = await sizesIn(storage, `${brief.folder}/`);
  return { found: briefBackup(key, brief, problemsIn(brief, sizes)) };
}

async function readMetadataOf(storage: Storage, key: string): Promise<BackupMetadata> {
  const object = await storage.open(key);
  try {
    return await loadMetadata(object, `${storage.location}/${key}`);
  } finally {
    await object.close();
  }
}

async function problemsOf({ metadata, folder }: WithMetadata, sizes: Sizes): Promise<readonly string[]> {
  const { artifacts } = metadata;
  if (folder !== undefined) return missing({ artifacts, isEarlier: false }, await folder.sizes(), fileName);
  return missing({ artifacts, isEarlier: isEarlier(metadata) }, sizes, itself);
}

/** @param sizes of the folder's files where the backup is one, else of what lies beside its metadata */
function problemsIn({ common, artifacts, folder }: BriefMetadata, sizes: Sizes): readonly string[] {
  return missing({ artifacts, isEarlier: isEarlier(common) }, sizes, folder === undefined ? itself : fileName);
}

function itself(name: string): string {
  return name;
}

/** Most have no problem. */
const none: readonly string[] = [];

function missing(
  backup: { readonly artifacts: BriefMetadata["artifacts"]; readonly isEarlier: boolean },
  sizes: Sizes,
  keyOf: (name: string) => string,
): readonly string[] {
  let problems: string[] | undefined;
  for (const { name, size } of backup.artifacts) {
    const key = keyOf(name);
    if (key.includes("/")) continue; // Not in this listing; `verify` looks.
    const found = sizes.get(key);
    if (found === size || (backup.isEarlier && found === earlierEncryptedSize(size))) continue;
    problems ??= [];
    problems.push(found === undefined ? `"${name}" is missing` : `"${name}" has ${found} bytes instead of ${size}`);
  }
  return problems ?? none;
}

/** Reads one of them again. @returns undefined when it is not there any more @throws BackupError DAMAGED, IO */
export async function readBackup(storage: Storage, metadataKey: string): Promise<FoundBackup | undefined> {
  try {
    return backupInRepository(storage, metadataKey, await readMetadataOf(storage, metadataKey));
  } catch (error) {
    if (error instanceof BackupError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/** What lists of many need of a backup whose metadata are at hand. */
export function briefly({ key, metadata, problems }: ListedBackup, reader: BriefReader): BriefBackup {
  const stem = stemOf(key);
  return briefBackup(key, reader.read(briefTexts(metadata, stem, undefined), stem), problems);
}

/** By their times, those of one time by their ids. */
export function oldestFirst<T extends { readonly metadata: Pick<BackupMetadata, "timestamp" | "id"> }>(
  backups: readonly T[],
): T[] {
  const timed = backups.map((backup) => {
    const { timestamp, id } = backup.metadata;
    return { backup, time: Date.parse(timestamp), id };
  });
  return timed.toSorted(byTime).map(({ backup }) => backup);
}

/** Compares two backups by their times, those of one time by their ids. */
export function byTime(a: { readonly time: number; readonly id: string }, b: typeof a): number {
  return a.time - b.time || (a.id < b.id ? -1 : 1);
}
