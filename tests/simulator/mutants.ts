import { HOLD_SUFFIX, METADATA_SUFFIX, REMOVAL_SUFFIX, WORK_PREFIX } from "../../src/core/backup-name.ts";
import { KEY_FILE_MARK } from "../../src/core/encrypted-file.ts";
import type { ObjectStore } from "../../src/ports/object-store.ts";
import type { PendingObject, Storage, StoredObject, Work } from "../../src/ports/storage.ts";
import type { Sabotage } from "./run-seed.ts";

/** What the program could do wrong, by names. Each is found when the seeds are worth anything. */
export const mutants: Readonly<Record<string, Sabotage>> = {
  "files are not synced": { machine: { forgetsSync: "file" } },
  "folders are not synced": { machine: { forgetsSync: "folder" } },
  "a sweep does not look whether the owner lives": { machine: { hidesLocks: true } },
  "metadata come before the artifact": { wrap: metadataFirst },
  "the removal of a backup begins with its files": { wrap: metadataLeaveLast },
  "holds are not looked for": { wrap: withoutHolds },
  "a removal keeps no record": { wrap: withoutRemovalRecords },
  "a rotation gives the metadata no key file": { wrap: withoutKeyFileOfMetadata },
  "nobody sweeps": { wrap: withoutSweep },
  "records of works in buckets do not tell what is theirs": { wrapStore: withoutKeys },
  "nobody who seals in a bucket looks whether it was swept": { wrapStore: withoutSwept },
};

/** A storage with some methods replaced. */
function changed(storage: Storage, methods: Partial<Storage>): Storage {
  return new Proxy(storage, {
    get: (target, name) => {
      const own = methods[name as keyof Storage];
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function metadataFirst(storage: Storage): Storage {
  return changed(storage, {
    beginWork: async () => {
      const work = await storage.beginWork();
      const waiting: (() => Promise<unknown>)[] = [];
      const reordered = (pending: PendingObject): PendingObject => ({
        write: (bytes) => pending.write(bytes),
        abort: () => pending.abort(),
        commit: async (key, role) => {
          if (role === "part") {
            waiting.push(() => pending.commit(key, role));
            return nothing(key);
          }
          const stored = await pending.commit(key, role);
          for (const commit of waiting.splice(0)) await commit();
          return stored;
        },
      });
      return changedWork(work, { create: async (intended) => reordered(await work.create(intended)) });
    },
  });
}

function changedWork(work: Work, methods: Partial<Work>): Work {
  return {
    id: work.id,
    location: work.location,
    create: (intended) => work.create(intended),
    createFolder: (intended) => work.createFolder(intended),
    openSpool: () => work.openSpool(),
    note: (line) => work.note(line),
    end: () => work.end(),
    ...methods,
  };
}

function metadataLeaveLast(storage: Storage): Storage {
  const waiting: string[] = [];
  return changed(storage, {
    remove: async (key) => {
      if (key.endsWith(METADATA_SUFFIX)) waiting.push(key);
      else await storage.remove(key);
      if (key.endsWith(REMOVAL_SUFFIX)) for (const last of waiting.splice(0)) await storage.remove(last);
    },
  });
}

function withoutHolds(storage: Storage): Storage {
  return changed(storage, {
    list: async function* (prefix, options) {
      for await (const object of storage.list(prefix, options)) if (!object.key.endsWith(HOLD_SUFFIX)) yield object;
    },
  });
}

function withoutRemovalRecords(storage: Storage): Storage {
  return changed(storage, {
    beginWork: async () => {
      const work = await storage.beginWork();
      return changedWork(work, { create: async (intended) => withoutRecord(await work.create(intended)) });
    },
  });
}

function withoutRecord(pending: PendingObject): PendingObject {
  return {
    write: (bytes) => pending.write(bytes),
    abort: () => pending.abort(),
    commit: async (key, role) => (key.endsWith(REMOVAL_SUFFIX) ? nothing(key) : await pending.commit(key, role)),
  };
}

function isKeyFileOfMetadata(key: string): boolean {
  return key.includes(`${METADATA_SUFFIX}${KEY_FILE_MARK}`);
}

function withoutKeyFileOfMetadata(storage: Storage): Storage {
  return changed(storage, {
    beginWork: async () => {
      const work = await storage.beginWork();
      return changedWork(work, {
        create: async (intended) => {
          const pending = await work.create(intended);
          return {
            write: (bytes) => pending.write(bytes),
            abort: () => pending.abort(),
            commit: async (key, role) => (isKeyFileOfMetadata(key) ? nothing(key) : await pending.commit(key, role)),
          };
        },
      });
    },
  });
}

function withoutSweep(storage: Storage): Storage {
  return changed(storage, { sweep: async () => ({ works: 0, objects: [], uploads: [], noted: [] }) });
}

function withoutKeys(store: ObjectStore): ObjectStore {
  return {
    ...store,
    put: async (key, bytes, options) => {
      const isRecord = key.startsWith(WORK_PREFIX) && key.endsWith("/owner.json");
      const silenced = isRecord ? { ...(JSON.parse(Buffer.from(bytes).toString()) as object), keys: [] } : undefined;
      await store.put(key, silenced === undefined ? bytes : Buffer.from(JSON.stringify(silenced)), options);
    },
  };
}

/** With a clock that makes the living look dead, who must see then that they were taken for dead. */
function withoutSwept(store: ObjectStore): ObjectStore {
  return {
    ...store,
    now: () => new Date(store.now().getTime() + 3_600_000),
    head: async (key) => (key.endsWith("/swept") ? undefined : await store.head(key)),
  };
}

function nothing(key: string): StoredObject {
  return { key, size: 0, modified: new Date(0) };
}
