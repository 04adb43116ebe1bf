import { setTimeout as sleep } from "node:timers/promises";
import { BackupError } from "../../core/backup-error.ts";
import type {
  ListedObject,
  ObjectState,
  ObjectStore,
  ObjectUpload,
  PutOptions,
  ResumeUpload,
  UnfinishedUpload,
} from "../../ports/object-store.ts";

/** How often a request is made, and how long is waited in between: twice as long each time, and a random part of it. */
export interface RetryTimes {
  readonly attempts: number;
  /** Before the service has answered once: what is wrong then is most likely its address. */
  readonly attemptsUntilAnswered: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export const usualRetries: RetryTimes = {
  attempts: 8,
  attemptsUntilAnswered: 3,
  firstPauseMs: 200,
  longestPauseMs: 20_000,
};

/**
 * Makes requests again that failed in a way that may pass. Whatever is asked again may have been done the first time
 * although the answer was lost: an object that is there then, and of the same work, is the one that was to be written.
 */
export class RetryingStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #times: RetryTimes;
  #hasAnswered = false;

  constructor(inner: ObjectStore, times: RetryTimes = usualRetries) {
    this.#inner = inner;
    this.#times = times;
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
    const put = () => this.#inner.put(key, bytes, options);
    if (!options.createOnly) return this.#again(put);
    return this.#writing(put, async () => {
      const state = await this.#ofWork(key, options.work, bytes.length);
      if (state === undefined) return false;
      const stored = Buffer.alloc(state.size);
      try {
        await this.read(key, state.version, 0, stored);
        if (stored.equals(bytes)) return true;
      } catch (error) {
        // Nobody knows whether it is what was to be written. That it cannot be read says more than that it cannot be removed.
        await this.remove(key).catch(() => {});
        throw error;
      }
      // It arrived changed, and what said so was lost: nothing may be under that name but what was to be written.
      await this.remove(key);
      return false;
    });
  }

  async beginUpload(key: string, work: string): Promise<ObjectUpload> {
    return this.#upload(await this.#again(() => this.#inner.beginUpload(key, work)), work, []);
  }

  get resumeUpload(): ResumeUpload | undefined {
    const resume = this.#inner.resumeUpload?.bind(this.#inner);
    return (
      resume &&
      (async (unfinished, work) => {
        const upload = await this.#again(() => resume(unfinished, work));
        if (upload === undefined) return undefined;
        const { partSizes } = upload;
        return { ...this.#upload(upload, work, partSizes), partSizes };
      })
    );
  }

  #upload(upload: ObjectUpload, work: string, partSizes: readonly number[]): ObjectUpload {
    const { key, id } = upload;
    const sizes = [...partSizes];
    return {
      key,
      id,
      putPart: async (number, bytes) => {
        await this.#again(() => upload.putPart(number, bytes));
        sizes[number - 1] = bytes.length;
      },
      // Each part was checked when it arrived.
      complete: (parts) => {
        const size = sizes.slice(0, parts).reduce((sum, bytes) => sum + bytes, 0);
        return this.#writing(
          () => upload.complete(parts),
          async () => (await this.#ofWork(key, work, size)) !== undefined,
        );
      },
    };
  }

  copy(from: string, to: string, size: number, work: string): Promise<void> {
    return this.#writing(
      () => this.#inner.copy(from, to, size, work),
      async () => (await this.#ofWork(to, work, size)) !== undefined,
    );
  }

  async *unfinishedUploads(prefix: string): AsyncIterable<UnfinishedUpload> {
    // They are few, and nobody wants half of them.
    yield* await this.#again(async () => {
      const uploads: UnfinishedUpload[] = [];
      for await (const upload of this.#inner.unfinishedUploads(prefix)) uploads.push(upload);
      return uploads;
    });
  }

  abandonUpload(upload: UnfinishedUpload): Promise<void> {
    return this.#again(() => this.#inner.abandonUpload(upload));
  }

  head(key: string): Promise<ObjectState | undefined> {
    return this.#again(() => this.#inner.head(key));
  }

  read(key: string, version: string, position: number, target: Uint8Array): Promise<void> {
    return this.#again(() => this.#inner.read(key, version, position, target));
  }

  /** A listing that breaks off is begun again, and goes on behind the last key that was given. */
  async *list(prefix: string, recursive: boolean): AsyncIterable<ListedObject> {
    let last: Buffer | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        for await (const object of this.#inner.list(prefix, recursive)) {
          const key = Buffer.from(object.key);
          if (last !== undefined && Buffer.compare(key, last) <= 0) continue;
          // Were a service's folders not in their place among its objects, objects would be taken for given.
          if (!object.key.endsWith("/")) last = key;
          attempt = 1;
          this.#hasAnswered = true;
          yield object;
        }
        return;
      } catch (error) {
        await this.#pauseBehind(error, attempt);
      }
    }
  }

  remove(key: string): Promise<void> {
    return this.#again(() => this.#inner.remove(key));
  }

  /** @param isDone whether it was carried out although the answer was lost */
  async #writing(write: () => Promise<void>, isDone: () => Promise<boolean>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await write();
        this.#hasAnswered = true;
        return;
      } catch (error) {
        if (attempt > 1 && (await isDone())) return;
        await this.#pauseBehind(error, attempt);
        if (await isDone()) return;
      }
    }
  }

  async #ofWork(key: string, work: string, size: number): Promise<ObjectState | undefined> {
    const state = await this.head(key);
    return state?.work === work && state.size === size ? state : undefined;
  }

  async #again<R>(ask: () => Promise<R>): Promise<R> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await ask();
        this.#hasAnswered = true;
        return answer;
      } catch (error) {
        await this.#pauseBehind(error, attempt);
      }
    }
  }

  /** @throws what it was called with, when nothing is to be done again */
  async #pauseBehind(error: unknown, attempt: number): Promise<void> {
    const { attempts, attemptsUntilAnswered, firstPauseMs, longestPauseMs } = this.#times;
    const most = this.#hasAnswered ? attempts : attemptsUntilAnswered;
    if (!(error instanceof BackupError) || error.retry !== "maybe" || attempt >= most) throw error;
    const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
    await sleep(longest * (0.5 + Math.random() / 2));
  }
}
