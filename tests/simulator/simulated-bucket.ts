import { BackupError } from "../../src/core/backup-error.ts";
import type {
  ListedObject,
  ObjectState,
  ObjectStore,
  ObjectUpload,
  PutOptions,
  UnfinishedUpload,
} from "../../src/ports/object-store.ts";
import { listedFolder } from "../../src/storage/object/listed-folder.ts";
import type { StoredFiles } from "./simulated-repository.ts";
import type { SimulatedProcess, SimulatedWorld } from "./simulated-world.ts";

/** What calls of buckets begin with. */
export const BUCKET_CALL = "bucket";
/** Objects of a page of a listing: what others do in between is seen in the next one. */
const PAGE = 4;
const MAX_PARTS = 10_000;

interface Stored {
  readonly bytes: Buffer;
  readonly modified: number;
  readonly version: string;
  readonly work: string | undefined;
}

interface Upload {
  readonly key: string;
  readonly work: string;
  readonly begun: number;
  readonly parts: Map<number, Buffer>;
}

/** Faults of the service itself, with which a test sees whether it would find those of the program that come to the same. */
export interface BrokenBucket {
  /** It writes over what is there, although it was asked not to. */
  readonly overwrites?: boolean;
}

/**
 * A service for objects in memory. What it has said that it has done is durable; calls of several processes come to it one after
 * another, each whole.
 */
export class SimulatedBucket {
  readonly #world: SimulatedWorld;
  readonly #broken: BrokenBucket;
  readonly #objects = new Map<string, Stored>();
  readonly #uploads = new Map<string, Upload>();
  #count = 0;

  constructor(world: SimulatedWorld, broken: BrokenBucket = {}) {
    this.#world = world;
    this.#broken = broken;
  }

  get files(): StoredFiles {
    return {
      keys: () => [...this.#objects.keys()],
      bytes: (key) => this.#objects.get(key)?.bytes,
      put: (key, bytes) => this.#write(key, bytes, undefined),
    };
  }

  /** Keys of uploads that nobody has ended. */
  get uploads(): readonly string[] {
    return [...this.#uploads.values()].map(({ key }) => key);
  }

  /** As a process reaches it. */
  open(process: SimulatedProcess, name: string): ObjectStore {
    const call = <R>(what: string, run: () => R) => this.#world.call(process, `${BUCKET_CALL} ${what}`, run);
    return {
      location: `sim://${name}`,
      maxParts: MAX_PARTS,
      now: () => new Date(this.#world.now),
      put: (key, bytes, options) => call(`put ${key}`, () => this.#put(key, Buffer.from(bytes), options)),
      beginUpload: (key, work) => call(`beginUpload ${key}`, () => this.#begin(key, work, call)),
      resumeUpload: ({ key, id }) =>
        call(`resumeUpload ${key}`, () => {
          const upload = this.#uploads.get(id);
          if (upload === undefined) return undefined;
          return { ...this.#upload(id, upload, call), partSizes: sizesWithoutGap(upload) };
        }),
      unfinishedUploads: (prefix) => this.#unfinished(prefix, call),
      abandonUpload: ({ id, key }) => call(`abandonUpload ${key}`, () => void this.#uploads.delete(id)),
      copy: (from, to, _, work) =>
        call(`copy ${from} ${to}`, () => {
          const source = this.#objects.get(from);
          if (source === undefined) throw notFound(from);
          this.#put(to, source.bytes, { work, createOnly: true });
        }),
      head: (key) => call(`head ${key}`, () => this.#stateOf(key)),
      read: (key, version, position, target) =>
        call(`read ${key}`, () => {
          const stored = this.#objects.get(key);
          if (stored === undefined) throw notFound(key);
          if (stored.version !== version) throw new BackupError({ code: "IO", message: "it is another one now" });
          target.set(stored.bytes.subarray(position, position + target.length));
        }),
      list: (prefix, recursive) => this.#list(prefix, recursive, call),
      remove: (key) => call(`remove ${key}`, () => void this.#objects.delete(key)),
    };
  }

  #write(key: string, bytes: Buffer, work: string | undefined): void {
    this.#objects.set(key, { bytes, work, modified: this.#world.now, version: `v${++this.#count}` });
  }

  #put(key: string, bytes: Buffer, { work, createOnly }: PutOptions): void {
    if (createOnly && this.#objects.has(key) && this.#broken.overwrites !== true) throw exists(key);
    this.#write(key, bytes, work);
  }

  #stateOf(key: string): ObjectState | undefined {
    const stored = this.#objects.get(key);
    if (stored === undefined) return undefined;
    const { bytes, modified, version, work } = stored;
    return { key, size: bytes.length, modified: new Date(modified), version, work };
  }

  #begin(key: string, work: string, call: Call): ObjectUpload {
    const id = `u${++this.#count}`;
    const upload = { key, work, begun: this.#world.now, parts: new Map<number, Buffer>() };
    this.#uploads.set(id, upload);
    return this.#upload(id, upload, call);
  }

  #upload(id: string, upload: Upload, call: Call): ObjectUpload {
    const { key, work, parts } = upload;
    const expectThere = (): void => {
      if (this.#uploads.get(id) !== upload) throw notFound(`upload ${id}`);
    };
    return {
      key,
      id,
      putPart: (number, bytes) =>
        call(`putPart ${number} ${key}`, () => {
          expectThere();
          parts.set(number, Buffer.from(bytes));
        }),
      complete: (count) =>
        call(`complete ${key}`, () => {
          expectThere();
          const all = Array.from({ length: count }, (_, index) => parts.get(index + 1));
          if (all.includes(undefined)) throw notFound(`a part of upload ${id}`);
          this.#put(key, Buffer.concat(all as Buffer[]), { work, createOnly: true });
          this.#uploads.delete(id);
        }),
    };
  }

  async *#unfinished(prefix: string, call: Call): AsyncIterable<UnfinishedUpload> {
    yield* await call(`unfinishedUploads ${prefix}`, () =>
      [...this.#uploads]
        .filter(([, { key }]) => key.startsWith(prefix))
        .map(([id, { key, work, begun }]) => ({ key, id, work, begun: new Date(begun) })),
    );
  }

  async *#list(prefix: string, recursive: boolean, call: Call): AsyncIterable<ListedObject> {
    for (let after = ""; ; ) {
      const page = await call(`list ${prefix}`, () => this.#page(prefix, recursive, after));
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.key;
    }
  }

  #page(prefix: string, recursive: boolean, after: string): readonly ListedObject[] {
    const keys = [...this.#objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => (recursive ? key : upToFolder(key, prefix)))
      .filter((key) => key > after);
    return [...new Set(keys)]
      .toSorted()
      .slice(0, PAGE)
      .map((key) => (recursive ? undefined : folderAt(key)) ?? this.#stateOf(key)!);
  }
}

function upToFolder(key: string, prefix: string): string {
  const end = key.indexOf("/", prefix.length);
  return end === -1 ? key : key.slice(0, end + 1);
}

function folderAt(key: string): ListedObject | undefined {
  return key.endsWith("/") ? listedFolder(key) : undefined;
}

type Call = <R>(what: string, run: () => R) => Promise<R>;

function sizesWithoutGap({ parts }: Upload): readonly number[] {
  const sizes: number[] = [];
  for (let number = 1; parts.has(number); number++) sizes.push(parts.get(number)!.length);
  return sizes;
}

function notFound(object: string): BackupError {
  return new BackupError({ code: "NOT_FOUND", message: "there is no such object", object });
}

function exists(object: string): BackupError {
  return new BackupError({ code: "EXISTS", message: "there is one of this name", object });
}
