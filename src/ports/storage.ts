/** Where a repository lives: a folder now, a bucket prefix later. Keys are relative paths with `/` between safe parts. */

/** Size and time of a stored object. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
}

/** An object in the making: invisible under its final key until `commit`. */
export interface PendingObject {
  /** As {@link import("./byte-sink.ts").ByteSink}. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Makes it durable and visible under `key`, all or nothing, create-only.
   * @throws BackupError EXISTS when the key is taken: the pending object stays and may be committed under another key.
   */
  commit(key: string): Promise<StoredObject>;
  /** Removes it. Safe to repeat; does nothing after `commit`. */
  abort(): Promise<void>;
}

/** An object opened for reading: what was checked and what is used later are the same bytes. */
export interface OpenedObject {
  readonly key: string;
  readonly size: number;
  /**
   * Fills `target` from `position`; answers the count, less than asked only at the end of the object.
   * Calls may overlap.
   */
  readAt(position: number, target: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

export interface Storage {
  /** For people: the folder's path or the bucket's URL, without secrets. */
  readonly location: string;
  /** Begins an object. `workId` names the run it belongs to, so that what a dead run left behind can be swept. */
  create(workId: string): Promise<PendingObject>;
  /** @throws BackupError NOT_FOUND */
  open(key: string): Promise<OpenedObject>;
  /** All committed objects whose key begins with `prefix`, in byte order of the keys. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Removes an object; a missing one is no error. */
  remove(key: string): Promise<void>;
  /**
   * Starts work that may leave something half done: keeps others' sweeps away from it until `end`.
   * @throws BackupError IO when the place is not writable, with the reason.
   */
  beginWork(): Promise<Work>;
  /** Removes what runs left behind whose owner is gone. Answers how many things were removed. */
  sweep(): Promise<number>;
}

/** One run's claim on a repository. */
export interface Work {
  readonly id: string;
  /** Removes the work folder. Safe to repeat. */
  end(): Promise<void>;
}
