import { monotonic } from "../../core/monotonic.ts";
import type {
  ListedObject,
  ObjectState,
  ObjectStore,
  ObjectUpload,
  PutOptions,
  ResumeUpload,
  UnfinishedUpload,
} from "../../ports/object-store.ts";
import type { RequestFigure } from "../../ports/services.ts";

/** Counts requests by their kind, those that fail and are made again included, with bytes and time. */
export class MeasuredStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #figures: Map<string, RequestFigure>;

  /** @param figures what is added to, by the kind of request */
  constructor(inner: ObjectStore, figures: Map<string, RequestFigure>) {
    this.#inner = inner;
    this.#figures = figures;
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

  put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    return this.#measure("put", bytes.length, () => this.#inner.put(key, bytes, options));
  }

  async beginUpload(key: string, work: string): Promise<ObjectUpload> {
    return this.#upload(await this.#measure("begin upload", 0, () => this.#inner.beginUpload(key, work)));
  }

  get resumeUpload(): ResumeUpload | undefined {
    const resume = this.#inner.resumeUpload?.bind(this.#inner);
    return (
      resume &&
      (async (unfinished, work) => {
        const upload = await this.#measure("resume upload", 0, () => resume(unfinished, work));
        return upload && { ...this.#upload(upload), partSizes: upload.partSizes };
      })
    );
  }

  #upload(upload: ObjectUpload): ObjectUpload {
    return {
      key: upload.key,
      id: upload.id,
      putPart: (number, bytes) => this.#measure("put part", bytes.length, () => upload.putPart(number, bytes)),
      complete: (parts) => this.#measure("complete upload", 0, () => upload.complete(parts)),
    };
  }

  unfinishedUploads(prefix: string): AsyncIterable<UnfinishedUpload> {
    return this.#listing("list uploads", this.#inner.unfinishedUploads(prefix));
  }

  abandonUpload(upload: UnfinishedUpload): Promise<void> {
    return this.#measure("abandon upload", 0, () => this.#inner.abandonUpload(upload));
  }

  copy(from: string, to: string, size: number, work: string): Promise<void> {
    return this.#measure("copy", 0, () => this.#inner.copy(from, to, size, work));
  }

  head(key: string): Promise<ObjectState | undefined> {
    return this.#measure("head", 0, () => this.#inner.head(key));
  }

  read(key: string, version: string, position: number, target: Uint8Array): Promise<void> {
    return this.#measure("read", target.length, () => this.#inner.read(key, version, position, target));
  }

  list(prefix: string, recursive: boolean): AsyncIterable<ListedObject> {
    return this.#listing("list", this.#inner.list(prefix, recursive));
  }

  remove(key: string): Promise<void> {
    return this.#measure("remove", 0, () => this.#inner.remove(key));
  }

  async #measure<R>(kind: string, bytes: number, ask: () => Promise<R>): Promise<R> {
    const figure = this.#figureOf(kind);
    const from = monotonic();
    figure.requests++;
    try {
      const answer = await ask();
      figure.bytes += bytes;
      return answer;
    } catch (error) {
      figure.failures++;
      throw error;
    } finally {
      figure.seconds += (monotonic() - from) / 1000;
    }
  }

  /** One list counts as one request, whatever pages it has; time that its reader takes is not counted. */
  async *#listing<T>(kind: string, list: AsyncIterable<T>): AsyncIterable<T> {
    const figure = this.#figureOf(kind);
    figure.requests++;
    let from = monotonic();
    try {
      for await (const item of list) {
        figure.seconds += (monotonic() - from) / 1000;
        yield item;
        from = monotonic();
      }
      figure.seconds += (monotonic() - from) / 1000;
    } catch (error) {
      figure.failures++;
      throw error;
    }
  }

  #figureOf(kind: string): RequestFigure {
    let figure = this.#figures.get(kind);
    if (figure === undefined) {
      figure = { requests: 0, failures: 0, bytes: 0, seconds: 0 };
      this.#figures.set(kind, figure);
    }
    return figure;
  }
}
