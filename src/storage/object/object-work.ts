import { setTimeout as sleep } from "node:timers/promises";
import { BackupError } from "../../core/backup-error.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import type { Spool } from "../../ports/spool.ts";
import type { PendingFolder, PendingObject, StoredObject, Work } from "../../ports/storage.ts";
import { openTemporarySpool } from "../local/temporary-spool.ts";
import { LivingRecord } from "./living-record.ts";
import { ObjectFolder } from "./object-folder.ts";
import { ObjectWriter } from "./object-writer.ts";
import type { PartMemory } from "./part-memory.ts";
import { recordsOfOthers, removeOwn } from "./remove-own.ts";
import { removeUnneeded } from "./remove-unlocked.ts";
import { covers, sweptKey, WORK_PREFIX } from "./work-record.ts";

/** Two runs that yield to each other are apart by this at most when they look for another name. */
const YIELD_MS = 200;

/** One run's work in a store of objects. */
export class ObjectWork implements Work {
  readonly id: string;
  readonly location: string;
  readonly #store: ObjectStore;
  readonly #memory: PartMemory;
  readonly #record: LivingRecord;
  readonly #pending = new Set<{ abort(): Promise<void> }>();
  readonly #spools = new Set<Spool>();
  #created = 0;
  #isSealed = false;
  #hasEnded = false;

  private constructor(store: ObjectStore, memory: PartMemory, record: LivingRecord) {
    this.id = record.value.id;
    this.location = `${store.location}/${WORK_PREFIX}${this.id}`;
    this.#store = store;
    this.#memory = memory;
    this.#record = record;
  }

  static async begin(store: ObjectStore, memory: PartMemory, id: string, now: Date): Promise<ObjectWork> {
    return new ObjectWork(store, memory, await LivingRecord.begin(store, id, now));
  }

  async create(intended?: string): Promise<PendingObject> {
    const object = new PendingStoreObject(this, this.writer(intended ?? this.#temporaryKey()));
    this.#pending.add(object);
    return object;
  }

  async createFolder(intended?: string): Promise<PendingFolder> {
    const folder = new ObjectFolder(this, this.#store, intended ?? this.#temporaryKey());
    this.#pending.add(folder);
    return folder;
  }

  #temporaryKey(): string {
    return `${WORK_PREFIX}${this.id}/${++this.#created}`;
  }

  async openSpool(): Promise<Spool> {
    const spool = await openTemporarySpool();
    this.#spools.add(spool);
    return spool;
  }

  async note(): Promise<void> {
    throw new BackupError({
      code: "USAGE",
      message: "a backup that can be resumed needs a repository in a folder",
      object: this.#store.location,
      hint: "leave out --resumable, or back up into a folder and copy the backup from there",
    });
  }

  /** Takes the bytes of an object that is meant for this key. @internal */
  writer(key: string): ObjectWriter {
    return new ObjectWriter(key, {
      store: this.#store,
      work: this.id,
      memory: this.#memory,
      announce: () => this.#placeFor(key),
    });
  }

  /** Makes an object of what a writer holds, under this key. @internal */
  async publish(writer: ObjectWriter, key: string, role: "part" | "seal"): Promise<StoredObject> {
    await writer.finish();
    if (!(await this.#announce(key, role))) throw claimed(`${this.#store.location}/${key}`);
    if (!writer.isSent) {
      await this.#store.put(key, writer.whole, { work: this.id, createOnly: true });
      writer.wasWritten();
    } else {
      await this.#complete(writer);
      if (writer.key !== key) {
        await this.copy(writer.key, key, writer.size);
        await removeUnneeded(this.#store, writer.key);
      }
    }
    if (role === "seal") this.#isSealed = true;
    const state = await this.#store.head(key);
    return { key, size: writer.size, modified: state?.modified ?? this.#store.now() };
  }

  async #complete(writer: ObjectWriter): Promise<void> {
    try {
      await writer.complete();
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== "EXISTS") throw error;
      throw new BackupError({
        code: "IO",
        message: `another run has written an object of the same name in the meantime: "${writer.key}"`,
        object: `${this.#store.location}/${writer.key}`,
        hint: "run again: this backup gets another name then",
        cause: error,
      });
    }
  }

  /** Copies one of its objects inside the service; what it was copied from goes with the work. @internal */
  async copy(from: string, to: string, size: number): Promise<void> {
    await this.announceTarget(to);
    await this.#store.copy(from, to, size, this.id);
  }

  /** Says that objects below this key will be this work's. @returns another key for them where somebody else has said so @internal */
  async announceFolder(key: string): Promise<string> {
    return (await this.#placeFor(`${key}/`)).replace(/\/$/, "");
  }

  /**
   * Where what is meant for this key is written first: there, unless somebody else has written it, or is about to. Whoever
   * has written it was seen to be about to, as long as it was not done: to look for what is there comes last.
   * @param key with a slash at the end for all below
   */
  async #placeFor(key: string): Promise<string> {
    if (this.#isAnnounced(key)) return key;
    if (!(await this.#announce(key, "part"))) return this.#temporaryKey();
    if (!(await this.#isTaken(key))) return key;
    await this.#record.withdraw(key);
    return this.#temporaryKey();
  }

  async #isTaken(key: string): Promise<boolean> {
    if (!key.endsWith("/")) return (await this.#store.head(key)) !== undefined;
    for await (const _ of this.#store.list(key, true)) return true;
    return false;
  }

  /** What lies below the record is found with it. */
  #isAnnounced(key: string): boolean {
    return key.startsWith(`${WORK_PREFIX}${this.id}/`) || covers(this.#record.value, key);
  }

  /** Says that what is written elsewhere will get this key. @throws BackupError EXISTS when somebody else has said so @internal */
  async announceTarget(key: string): Promise<void> {
    if (!(await this.#announce(key, "part"))) throw claimed(`${this.#store.location}/${key}`);
  }

  /**
   * Runs that begin in the same second want the same name, and not every service refuses one of two objects that come at the same
   * moment. Each says what it wants, and then looks at what others have said: one of two at least sees the other, and yields.
   */
  async #claim(key: string): Promise<boolean> {
    await this.#record.announce(key);
    const others = await recordsOfOthers(this.#store, this.id);
    if (!others.some((record) => covers(record, key))) return true;
    await this.#record.withdraw(key);
    // Who wants the next name at the same moment again would have to yield again.
    await sleep(Math.random() * YIELD_MS);
    return false;
  }

  /**
   * What comes is written down first, so that whoever sweeps knows of it. Who seals looks behind that whether somebody has
   * begun to sweep; who sweeps says so first, and then looks at the record again: one of both sees the other.
   * @returns false for a part whose name somebody else wants, too
   */
  async #announce(key: string, role: "part" | "seal"): Promise<boolean> {
    if (role === "part") return this.#isAnnounced(key) || (await this.#claim(key));
    await this.#record.change({ seal: key });
    if ((await this.#store.head(sweptKey(this.id))) === undefined) return true;
    throw new BackupError({
      code: "IO",
      message: "another run took this one for dead, and removed what it had written",
      object: this.location,
      hint: "it could not reach the storage for 10 minutes; run again",
      retry: "maybe",
    });
  }

  /** What cannot be removed now, the next sweep removes: whether the run was good does not hang on it. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    await this.#record.stop();
    const endings = [...this.#pending].map((pending) => () => pending.abort());
    for (const spool of this.#spools) endings.push(() => spool.close());
    // Whether the seal is there cannot be told by how its writing ended.
    endings.push(async () => void (await removeOwn(this.#store, this.#record.value, this.#isSealed || undefined)));
    let isLeft = false;
    for (const end of endings) {
      await end().catch(() => {
        isLeft = true;
      });
    }
    await this.#record.forget(isLeft);
  }
}

/** An object that is not published. */
class PendingStoreObject implements PendingObject {
  readonly #work: ObjectWork;
  readonly #writer: ObjectWriter;
  #isOver = false;

  constructor(work: ObjectWork, writer: ObjectWriter) {
    this.#work = work;
    this.#writer = writer;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#writer.write(bytes);
  }

  async commit(key: string, role: "part" | "seal"): Promise<StoredObject> {
    if (!isSafeRelativePath(key)) throw new Error(`no safe key: ${JSON.stringify(key)}`);
    if (this.#isOver) throw new Error("committed or aborted before");
    const stored = await this.#work.publish(this.#writer, key, role);
    this.#isOver = true;
    return stored;
  }

  async abort(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#writer.abandon();
  }
}

function claimed(object: string): BackupError {
  return new BackupError({
    code: "EXISTS",
    message: "another run is about to write an object of the same name",
    object,
    hint: "choose another name; nothing is ever overwritten",
  });
}
