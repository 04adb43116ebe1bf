import type {
  ListedObject,
  ObjectState,
  ObjectStore,
  ObjectUpload,
  PutOptions,
  ResumeUpload,
  UnfinishedUpload,
} from "../../ports/object-store.ts";
import type { TransferLimits } from "./transfer-limits.ts";

/**
 * Lets only so many requests be made at once, and only so many bytes pass. What shows that a run lives, and pages of lists, wait
 * for nothing: a run that is silent is taken for dead.
 */
export class LimitedStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #limits: TransferLimits;

  constructor(inner: ObjectStore, limits: TransferLimits) {
    this.#inner = inner;
    this.#limits = limits;
  }

  get location(): string {
    return this.#inner.location;
  }

  get maxParts(): number {
    return this.#inner.maxParts;
  }

  now(): Date {
    return this.#inner.now();
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    if (!options.createOnly) return await this.#inner.put(key, bytes, options);
    await this.#limits.pass(bytes.length);
    await this.#limits.within(() => this.#inner.put(key, bytes, options));
  }

  async beginUpload(key: string, work: string): Promise<ObjectUpload> {
    return this.#upload(await this.#limits.within(() => this.#inner.beginUpload(key, work)));
  }

  get resumeUpload(): ResumeUpload | undefined {
    const resume = this.#inner.resumeUpload?.bind(this.#inner);
    return (
      resume &&
      (async (unfinished, work) => {
        const upload = await this.#limits.within(() => resume(unfinished, work));
        return upload && { ...this.#upload(upload), partSizes: upload.partSizes };
      })
    );
  }

  #upload(upload: ObjectUpload): ObjectUpload {
    return {
      key: upload.key,
      id: upload.id,
      putPart: async (number, bytes) => {
        await this.#limits.pass(bytes.length);
        await this.#limits.within(() => upload.putPart(number, bytes));
      },
      complete: (parts) => this.#limits.within(() => upload.complete(parts)),
    };
  }

  unfinishedUploads(prefix: string): AsyncIterable<UnfinishedUpload> {
    return this.#inner.unfinishedUploads(prefix);
  }

  abandonUpload(upload: UnfinishedUpload): Promise<void> {
    return this.#limits.within(() => this.#inner.abandonUpload(upload));
  }

  copy(from: string, to: string, size: number, work: string): Promise<void> {
    return this.#limits.within(() => this.#inner.copy(from, to, size, work));
  }

  head(key: string): Promise<ObjectState | undefined> {
    return this.#limits.within(() => this.#inner.head(key));
  }

  async read(key: string, version: string, position: number, target: Uint8Array): Promise<void> {
    await this.#limits.pass(target.length);
    await this.#limits.within(() => this.#inner.read(key, version, position, target));
  }

  list(prefix: string, recursive: boolean): AsyncIterable<ListedObject> {
    return this.#inner.list(prefix, recursive);
  }

  remove(key: string): Promise<void> {
    return this.#limits.within(() => this.#inner.remove(key));
  }
}
