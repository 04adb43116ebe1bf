import type { ObjectLock } from "../core/object-lock.ts";

/** State of a stored object, as its store tells it. */
export interface ObjectState {
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
  /** Changes when the object is written anew; given to `read`, so that what was opened is what is read. */
  readonly version: string;
  /** The work that wrote it, when it was one of ours. */
  readonly work: string | undefined;
  /** What keeps it from being removed, now. */
  readonly lock?: ObjectLock | undefined;
  /** What is removed or overwritten stays there as an older version, where the service says so. */
  readonly hasVersions?: boolean;
}

/** An upload that is not finished: invisible among the objects. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly id: string;
  /** The work that sends it, where the service tells. */
  readonly work?: string;
  /** When it began, where the service tells. */
  readonly begun?: Date;
}

/** How an object is written. */
export interface PutOptions {
  /** The work that writes it, kept with the object. */
  readonly work: string;
  /** Write nothing when the key is taken. */
  readonly createOnly: boolean;
}

/**
 * What a service for objects (S3, Azure Blob, Google Cloud Storage) offers to a repository: whole objects under keys,
 * and large ones in parts. Keys are those of the repository; the adapter puts its prefix before them. Each call is one
 * request, or as many as the service needs for it, and is not repeated inside: wrappers do that.
 *
 * Errors of all calls: BackupError CONNECT, AUTH, IO; with `retry: "maybe"` where doing the same again can help.
 */
export interface ObjectStore {
  /** For people, without secrets: `s3://bucket/prefix`. */
  readonly location: string;
  /** Parts of one upload that the service takes at most. */
  readonly maxParts: number;
  /**
   * Writes a small object at once.
   * @throws BackupError EXISTS
   */
  put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void>;
  /** Begins an upload in parts. */
  beginUpload(key: string, work: string): Promise<ObjectUpload>;
  /**
   * Goes on with an upload that another process began; undefined when there is none of that id any more. A store that cannot
   * do that has no such method: what was sent is sent again.
   * @param work that began it
   */
  readonly resumeUpload?: ResumeUpload | undefined;
  /** Unfinished uploads whose keys begin with `prefix`. */
  unfinishedUploads(prefix: string): AsyncIterable<UnfinishedUpload>;
  /** Forgets an unfinished upload and its parts; a missing one is no error. */
  abandonUpload(upload: UnfinishedUpload): Promise<void>;
  /**
   * Copies an object inside the service, create-only.
   * @param size of the object
   * @param work that the copy belongs to
   * @throws BackupError EXISTS, NOT_FOUND
   */
  copy(from: string, to: string, size: number, work: string): Promise<void>;
  /** Undefined when there is none. */
  head(key: string): Promise<ObjectState | undefined>;
  /**
   * Fills `target` with the bytes of the object from `position` on, which must be there.
   * @param version as of `head`
   * @throws BackupError NOT_FOUND; IO when it is another version now, or fewer bytes came
   */
  read(key: string, version: string, position: number, target: Uint8Array): Promise<void>;
  /**
   * Objects whose key begins with `prefix`, in byte order of the keys. Of those with a further `/` behind the prefix, when not
   * `recursive`, the key up to that, once for all of them: `listedFolder`.
   */
  list(prefix: string, recursive: boolean): AsyncIterable<ListedObject>;
  /** Removes an object, or hides it where the service keeps versions, locked or not; a missing one is no error. */
  remove(key: string): Promise<void>;
  /** The service's clock, as it told it last; ours until it has. */
  now(): Date;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
}

export type ResumeUpload = (upload: UnfinishedUpload, work: string) => Promise<ResumedUpload | undefined>;

/** One object on its way, in parts. */
export interface ObjectUpload extends UnfinishedUpload {
  /**
   * Sends a part. Parts may be sent beside each other; all but the last have the same size or a larger one than those
   * before, at least 8 MiB. The memory is the caller's again when it has ended well.
   * @param number from 1
   */
  putPart(number: number, bytes: Uint8Array): Promise<void>;
  /**
   * Makes one object of the parts 1 to `parts`, create-only.
   * @throws BackupError EXISTS
   */
  complete(parts: number): Promise<void>;
}

/** An upload that goes on. */
export interface ResumedUpload extends ObjectUpload {
  /** Bytes of the parts that are there, from the first on without a gap. */
  readonly partSizes: readonly number[];
}
