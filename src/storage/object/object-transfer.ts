import { BackupError } from "../../core/backup-error.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import { uuidV7 } from "../../core/uuid-v7.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import type { Transfer, TransferRequest, TransferredFile } from "../../ports/transfer.ts";
import { isTaken, LivingRecord, ownWorks, SILENCE_MS, takenOver } from "./living-record.ts";
import { ObjectWriter, type SentParts } from "./object-writer.ts";
import { OpenedRangeObject } from "./opened-range-object.ts";
import type { PartMemory } from "./part-memory.ts";
import { partBytes } from "./part-sizes.ts";
import { removeOwn } from "./remove-own.ts";
import type { SignOfLife } from "./sign-of-life.ts";
import {
  claimOf,
  runOfTakenKey,
  sweptKey,
  takenKey,
  takenPrefix,
  WORK_PREFIX,
  type WorkRecord,
} from "./work-record.ts";

/**
 * A backup on its way into a store of objects. Its files are objects as soon as they have ended; a large one that was interrupted
 * is an upload that goes on.
 */
export class ObjectTransfer implements Transfer {
  readonly location: string;
  readonly #store: ObjectStore;
  readonly #memory: PartMemory;
  readonly #record: LivingRecord;
  readonly #folder: string | undefined;
  readonly #writers = new Set<ObjectWriter>();
  #isSealed = false;
  #hasEnded = false;

  private constructor(store: ObjectStore, memory: PartMemory, record: LivingRecord, folder: string | undefined) {
    this.location = `${store.location}/${WORK_PREFIX}${record.value.id}`;
    this.#store = store;
    this.#memory = memory;
    this.#record = record;
    this.#folder = folder;
  }

  /**
   * @param before the record of an earlier run, which nobody is at any more
   * @throws BackupError PRECHECK when another run is at it
   */
  static async begin(
    { store, memory, now }: { readonly store: ObjectStore; readonly memory: PartMemory; readonly now: Date },
    { id, note, folder, seal: wanted }: TransferRequest,
    before: WorkRecord | undefined,
  ): Promise<ObjectTransfer> {
    const location = `${store.location}/${WORK_PREFIX}${id}`;
    if (ownWorks.has(id)) throw busyTransfer(location);
    const seal = wanted ?? before?.seal;
    const record = await LivingRecord.begin(store, id, now, async (life) => ({
      keys: before?.keys ?? [],
      transfer: {
        note,
        run: await takeOver(store, id, before?.transfer?.run ?? 0, life, location),
        uploads: before?.transfer?.uploads ?? {},
      },
      ...(seal === undefined ? {} : { seal }),
    }));
    return new ObjectTransfer(store, memory, record, folder);
  }

  async open(key: string): Promise<TransferredFile> {
    if (!isSafeRelativePath(key)) throw new Error(`no safe key: ${JSON.stringify(key)}`);
    const state = await this.#store.head(key);
    if (state !== undefined && state.work !== this.#id) throw taken(`${this.#store.location}/${key}`);
    if (state !== undefined) {
      return {
        position: state.size,
        resumed: new OpenedRangeObject(this.#store, state),
        write: async (bytes) => {
          if (bytes.length > 0) throw taken(`${this.#store.location}/${key}`);
        },
        end: async () => {},
      };
    }
    const isInFolder = this.#folder !== undefined && key.startsWith(`${this.#folder}/`);
    await this.#record.announce(isInFolder ? `${this.#folder}/` : key);
    const sent = await this.#sentBefore(key);
    const writer = new ObjectWriter(
      key,
      {
        store: this.#store,
        work: this.#id,
        memory: this.#memory,
        announce: async () => key,
        // Where nobody could go on with it, nobody needs to know of it.
        ...(this.#store.resumeUpload === undefined ? {} : { began: ({ id }) => this.#noteUpload(key, id) }),
      },
      sent,
    );
    this.#writers.add(writer);
    return { position: writer.size, write: (bytes) => writer.write(bytes), end: () => this.#complete(writer) };
  }

  async #sentBefore(key: string): Promise<SentParts | undefined> {
    const { uploads } = this.#record.value.transfer!;
    if (!Object.hasOwn(uploads, key)) return undefined;
    const upload = await this.#store.resumeUpload?.({ key, id: uploads[key]! }, this.#id);
    if (upload === undefined) return undefined;
    // The last one that was sent may be that of another size, if the run before had less to send.
    const odd = upload.partSizes.findIndex((size, index) => size !== partBytes(index + 1));
    return { upload, parts: odd < 0 ? upload.partSizes.length : odd };
  }

  async #noteUpload(key: string, upload: string): Promise<void> {
    const transfer = this.#record.value.transfer!;
    await this.#record.change({ transfer: { ...transfer, uploads: { ...transfer.uploads, [key]: upload } } });
  }

  async #complete(writer: ObjectWriter): Promise<void> {
    await writer.finish();
    if (writer.isSent) await writer.complete();
    else {
      await this.#store.put(writer.key, writer.whole, { work: this.#id, createOnly: true });
      writer.wasWritten();
    }
    this.#writers.delete(writer);
  }

  /** Each was published when it ended. */
  async publish(): Promise<void> {
    if (this.#writers.size > 0) throw new Error("a file of the transfer is not ended");
  }

  /** As of a backup's work: who takes it from us says so first, and looks at the record then. */
  async seal(key: string, bytes: Uint8Array): Promise<void> {
    await this.#record.change({ seal: key });
    if ((await this.#isTaken()) || (await this.#store.head(sweptKey(this.#id))) !== undefined)
      throw takenOver(this.location);
    await this.#store.put(key, bytes, { work: this.#id, createOnly: true });
    this.#isSealed = true;
  }

  async discard(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    await this.#settle();
    await this.#record.stop();
    try {
      // What another run has taken over, or sealed, is not this one's to remove.
      if (!(await this.#isTaken())) await removeOwn(this.#store, this.#record.value);
    } finally {
      await this.#record.forget();
    }
  }

  async end(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    await this.#settle();
    try {
      if (this.#isSealed) {
        await this.#record.stop();
        await removeOwn(this.#store, this.#record.value, true);
      } else if (!(await this.#isTaken()))
        await this.#record.change({ transfer: { ...this.#record.value.transfer!, rests: true } });
    } catch {
      // The next run or sweep finds the record as it is.
    } finally {
      await this.#record.forget();
    }
  }

  /** Whether another run has taken this one for dead. */
  async #isTaken(): Promise<boolean> {
    const { run } = this.#record.value.transfer!;
    return await isTaken(this.#store, this.#id, run);
  }

  async #settle(): Promise<void> {
    for (const writer of this.#writers) await writer.settle();
    this.#writers.clear();
  }

  get #id(): string {
    return this.#record.value.id;
  }
}

/** @returns the number of this run */
async function takeOver(
  store: ObjectStore,
  id: string,
  before: number,
  life: SignOfLife,
  location: string,
): Promise<number> {
  const claim = await claimOf(life);
  let last = before;
  for await (const { key, modified } of store.list(takenPrefix(id), true)) {
    const run = runOfTakenKey(key, id);
    if (run === undefined || run <= before) continue;
    // Whoever said so will write the record at once, unless it is dead.
    const isYoung = store.now().getTime() - modified.getTime() < SILENCE_MS;
    // Whoever said so here is dead, if its lock is ours now.
    if (isYoung && !(life.isInherited && (await holds(store, key, claim)))) throw busyTransfer(location);
    last = Math.max(last, run);
  }
  try {
    // Two processes work on one transfer: what tells their claims apart is an id of their own.
    await store.put(takenKey(id, last + 1), claim, {
      work: uuidV7(new Date()),
      createOnly: true,
    });
  } catch (error) {
    throw error instanceof BackupError && error.code === "EXISTS" ? busyTransfer(location) : error;
  }
  return last + 1;
}

async function holds(store: ObjectStore, key: string, expected: Buffer): Promise<boolean> {
  const state = await store.head(key);
  if (state?.size !== expected.length) return false;
  const bytes = Buffer.alloc(expected.length);
  await store.read(key, state.version, 0, bytes);
  return bytes.equals(expected);
}

export function busyTransfer(object: string): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: "another run is copying this backup there",
    object,
    hint: "wait until it has ended; a run that died on another machine is taken for dead after 10 minutes",
    retry: "maybe",
  });
}

function taken(object: string): BackupError {
  return new BackupError({
    code: "EXISTS",
    message: "there is something else of this name, and nothing is ever overwritten",
    object,
    hint: "see what it is; remove it or choose another repository",
  });
}
