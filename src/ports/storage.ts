import type { ObjectLock } from "../core/object-lock.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { ByteSink } from "./byte-sink.ts";
import type { Spool } from "./spool.ts";
import type { Transfer, TransferRequest } from "./transfer.ts";

/**
 * Where a repository lives: a folder now, a bucket prefix later. Keys are relative paths with `/` between safe
 * components (src/core/safe-path.ts); another key is a fault of the caller.
 */
export interface Storage {
  /** For people: the folder's path or the bucket's URL, without secrets. */
  readonly location: string;
  /** Nothing here is ever locked: nobody need ask for it. Missing: objects may be. */
  readonly neverLocks?: true;
  /**
   * Starts a run's work: everything it writes belongs to it until sealed, and others' sweeps keep away from it as long
   * as the process lives. Makes the place if it is not there.
   * @throws BackupError IO when the place is not writable, with the reason.
   */
  beginWork(): Promise<Work>;
  /**
   * Begins to take over a finished backup, or goes on where an earlier run of it stopped.
   * @throws BackupError PRECHECK when another run is at it, IO
   */
  beginTransfer(request: TransferRequest): Promise<Transfer>;
  /** @throws BackupError NOT_FOUND, IO */
  open(key: string): Promise<OpenedObject>;
  /** Size and time of an object; undefined when there is none. */
  stat(key: string): Promise<StoredObject | undefined>;
  /**
   * All committed objects whose key begins with `prefix`, in byte order of the keys; those with a further `/` behind the
   * prefix only when `recursive`.
   * @throws BackupError NOT_FOUND when there is no such place, IO
   */
  list(prefix: string, options?: ListOptions): ObjectListing;
  /** Removes an object, and its folder if it was the last in it; a missing one is no error. */
  remove(key: string): Promise<void>;
  /**
   * Removes what runs left behind whose process is gone: unfinished objects, and committed ones of work that was never
   * sealed. Work with notes is kept and told of; what it had committed is invisible again. Two sweeps at once, and sweeps
   * beside living work, are safe. What it cannot remove it leaves for the next.
   */
  sweep(options?: SweepOptions): Promise<SweepResult>;
  /**
   * Takes up a work with notes whose process is gone.
   * @throws BackupError NOT_FOUND when it is not there (any more), PRECHECK when somebody is at work on it, IO
   */
  resumeWork(id: string): Promise<ResumedWork>;
  /**
   * Folders that somebody on this machine writes right now and announces what is in them, newest first. Each is the caller's
   * to close. Missing: what is written here is seen when it is whole.
   */
  growing?(): AsyncIterable<GrowingFolder>;
  /** Bytes that a new object may take, as far as the place can tell. */
  freeBytes(): Promise<number | undefined>;
}

export interface ListOptions {
  readonly recursive?: boolean;
  /**
   * Tell folders, too, below which there may be objects, in their place among the keys: they end with a slash, and have neither size
   * (NaN) nor time (1970). Nothing where all that is in them is listed, which is when `recursive`.
   */
  readonly folders?: boolean;
  /**
   * Whether only the name of an object is asked for. Where to ask for more takes a look at each, none is taken: the object may have been
   * removed a moment ago, its size may be NaN, and its time 1970.
   */
  readonly isNameEnough?: (key: string) => boolean;
}

/** Objects one after another. */
export interface ObjectListing extends AsyncIterable<StoredObject> {
  /** The same in pieces, where they come so: to be asked for instead, once. To wait for each of 200,000 takes 0.1 s. */
  pieces?(): AsyncIterable<readonly StoredObject[]>;
}

/** Size and time of a stored object. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
  /** Where something keeps it from being removed; lists do not tell. */
  readonly lock?: ObjectLock;
}

/** One run's claim on a repository. */
export interface Work {
  readonly id: string;
  /** For people: what to remove when it is kept, and nobody wants it any more. */
  readonly location: string;
  /**
   * Begins an object.
   * @param intended the key that it will most likely be committed under: a service that cannot rename writes it there from
   * the first byte on, and copies it when it gets another one
   */
  create(intended?: string): Promise<PendingObject>;
  /** Begins a folder of objects. @param intended as of `create` */
  createFolder(intended?: string): Promise<PendingFolder>;
  /** A temporary place that goes with the work. */
  openSpool(): Promise<Spool>;
  /**
   * Adds a line of text to the notes of the work. From the first one on, which tells what the work is, the work outlives
   * its process as long as it is not sealed: `Storage.resumeWork` takes it up. Notes are for works that are one folder,
   * which is begun before.
   */
  note(line: string): Promise<void>;
  /**
   * Ends the work and frees what it held. Without a sealed object the committed parts are removed again: an interrupted
   * run leaves nothing, or what its notes speak of. Safe to repeat.
   */
  end(): Promise<void>;
}

/** A work with notes. */
export interface NotedWork {
  readonly id: string;
  /** As that of the work. */
  readonly location: string;
  /** The first line of its notes. */
  readonly firstNote: string;
  /** Somebody is at work on it, as far as can be told. */
  readonly isBusy: boolean;
}

/** A work that goes on. */
export interface ResumedWork {
  readonly work: Work;
  readonly folder: ResumedFolder;
  /** All lines; the last one may not have been written whole. */
  readonly notes: AsyncIterable<string>;
}

/** The folder of a work that goes on. */
export interface ResumedFolder extends PendingFolder {
  /** Bytes of the files that are there, ended or not, by name. */
  readonly sizes: ReadonlyMap<string, number>;
  /** @throws BackupError NOT_FOUND, IO */
  open(name: string): Promise<OpenedObject>;
  /** Goes on with these files, which were ended; all others are removed. To be called before anything is created. */
  keepOnly(names: ReadonlySet<string>): Promise<void>;
}

/** An object in the making: invisible under its final key until `commit`. */
export interface PendingObject extends ByteSink {
  /**
   * Makes it durable and visible under `key`, all or nothing, create-only. The `seal` is the last object of a work: its
   * existence makes all parts count.
   * @throws BackupError EXISTS when the key is taken: the object stays pending and may be committed under another key.
   */
  commit(key: string, role: "part" | "seal"): Promise<StoredObject>;
  /** Removes it. Safe to repeat; does nothing after `commit`. */
  abort(): Promise<void>;
}

/** A folder in the making that can be read along. */
export interface GrowingFolder extends AsyncDisposable {
  /** For people. */
  readonly location: string;
  /**
   * Its announcements from the first one on, as they come. They end when nobody is at work on it any more, whether it was
   * finished or not.
   */
  lines(signal: AbortSignal): AsyncGenerator<string>;
  /** Whether somebody is still at work on it, as far as can be told. */
  isAlive(): Promise<boolean>;
  /** Opens a file that was announced. @throws BackupError NOT_FOUND when the folder has got its name, or is gone; IO */
  open(name: string): Promise<OpenedObject>;
}

/** Objects in the making that belong together: invisible until `commit`, which shows all of them at once. */
export interface PendingFolder {
  /** Its path on this machine, for programs that write files themselves; undefined where it has none. */
  readonly localPath?: string;
  /**
   * Takes over the files that such a program wrote, in place of `create`; it must have ended.
   * @throws BackupError IO, DAMAGED when there is something else than plain files
   */
  adopt?(): Promise<BackupFiles>;
  /** Begins the object of this name, one safe component. */
  create(name: string): Promise<DiscardableFile>;
  /**
   * Tells whoever reads along (`Storage.growing`) one line, as soon as all files that were ended before are durable. What
   * goes wrong with it is told by `commit`. Missing: nobody can.
   */
  announce?(line: string): void;
  /**
   * Makes all of it durable and visible as objects `key/name`, all or nothing, create-only. All files must be ended. An
   * empty folder of this name is taken for none.
   * @throws BackupError EXISTS when the key is taken: it stays pending and may be committed under another key.
   */
  commit(key: string): Promise<void>;
}

/** A file of a pending folder. */
export interface PendingFile extends ByteSink {
  /**
   * Nothing more comes. Its bytes are durable when the folder is committed; what fails until then fails there at last.
   * @param note a line for the notes of the work, once the bytes are durable; several of them are written together
   */
  end(note?: string): Promise<void>;
}

/** One that can be taken out of its folder again, instead of ended. */
export interface DiscardableFile extends PendingFile {
  discard(): Promise<void>;
}

/** An object opened for reading: what was checked and what is used later are the same bytes. */
export interface OpenedObject {
  readonly key: string;
  /**
   * A path on this machine, for programs that read files themselves, as long as it is open; undefined where it has none. Not
   * always one that people would know.
   */
  readonly localPath?: string | undefined;
  readonly size: number;
  /** Of an encrypted one: how its plain bytes lie in what is stored. */
  readonly frames?: ObjectFrames | undefined;
  /**
   * Fills `target` from `position`; answers the count, less than asked only at the end of the object.
   * Calls may overlap.
   */
  readAt(position: number, target: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** Frames of an encrypted object. Each is proved by itself: a damaged one takes nothing but its own bytes away. */
export interface ObjectFrames {
  /** Plain bytes of each but the last. */
  readonly plainBytes: number;
  /** Where a frame lies in the stored object: its first byte, and that behind its last. */
  stored(index: number): { readonly from: number; readonly to: number };
}

export interface SweepOptions {
  /** Changes nothing, and tells what would be removed. */
  readonly dryRun?: boolean;
  /** With `dryRun`: what was seen when all was listed a moment ago may do. */
  readonly wasListed?: boolean;
  /**
   * Looks for unfinished uploads that no work knows of, too, and removes those that are older than a day: before that they may be of
   * another program.
   */
  readonly unknownUploads?: boolean;
}

export interface SweepResult {
  /** Abandoned works that were removed. */
  readonly works: number;
  /** Committed objects that belonged to them and were removed with them. */
  readonly objects: readonly string[];
  /** Keys of unfinished uploads that were removed with them, or that no work knew of; services that forget them do not tell. */
  readonly uploads: readonly string[];
  /** Works with notes, which stay; oldest first. */
  readonly noted: readonly NotedWork[];
}
