import { BackupError } from "../../src/core/backup-error.ts";
import type { ObjectStore, ObjectUpload } from "../../src/ports/object-store.ts";

/**
 * A store in whose way something stands: of every ten requests one is lost, and of one the answer, after it was done.
 * @param random of [0, 1)
 */
export function faultyStore(inner: ObjectStore, random: () => number): ObjectStore {
  const passing = async <R>(ask: () => Promise<R>): Promise<R> => {
    const fate = random();
    if (fate < 0.1) throw lost("the request");
    const answer = await ask();
    if (fate < 0.2) throw lost("the answer");
    return answer;
  };
  async function* listing<T>(list: AsyncIterable<T>): AsyncIterable<T> {
    for await (const item of list) {
      if (random() < 0.1) throw lost("the rest of the list");
      yield item;
    }
  }
  const faultyUpload = (upload: ObjectUpload): ObjectUpload => ({
    key: upload.key,
    id: upload.id,
    putPart: (...args) => passing(() => upload.putPart(...args)),
    complete: (parts) => passing(() => upload.complete(parts)),
  });
  return {
    location: inner.location,
    maxParts: inner.maxParts,
    now: () => inner.now(),
    put: (...args) => passing(() => inner.put(...args)),
    async beginUpload(key, work): Promise<ObjectUpload> {
      // Of an upload whose id nobody heard of, a sweep knows; here none comes.
      if (random() < 0.1) throw lost("the request");
      return faultyUpload(await inner.beginUpload(key, work));
    },
    resumeUpload:
      inner.resumeUpload &&
      (async (upload, work) => {
        const resumed = await passing(() => inner.resumeUpload!(upload, work));
        return resumed && { ...faultyUpload(resumed), partSizes: resumed.partSizes };
      }),
    unfinishedUploads: (prefix) => listing(inner.unfinishedUploads(prefix)),
    abandonUpload: (upload) => passing(() => inner.abandonUpload(upload)),
    copy: (...args) => passing(() => inner.copy(...args)),
    head: (key) => passing(() => inner.head(key)),
    read: (...args) => passing(() => inner.read(...args)),
    list: (...args) => listing(inner.list(...args)),
    remove: (key) => passing(() => inner.remove(key)),
  };
}

function lost(what: string): BackupError {
  return new BackupError({ code: "CONNECT", message: `${what} was lost`, retry: "maybe" });
}
