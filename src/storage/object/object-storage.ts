import { BackupError } from "../../core/backup-error.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import { isUuid, uuidV7 } from "../../core/uuid-v7.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ListedObject, ObjectStore } from "../../ports/object-store.ts";
import type {
  ListOptions,
  NotedWork,
  OpenedObject,
  ResumedWork,
  Storage,
  StoredObject,
  SweepOptions,
  SweepResult,
  Work,
} from "../../ports/storage.ts";
import type { Transfer, TransferRequest } from "../../ports/transfer.ts";
import { ownWorks, SILENCE_MS } from "./living-record.ts";
import { busyTransfer, ObjectTransfer } from "./object-transfer.ts";
import { ObjectWork } from "./object-work.ts";
import { OpenedRangeObject } from "./opened-range-object.ts";
import { PartMemory } from "./part-memory.ts";
import { readRecord } from "./read-record.ts";
import { removeLostWords } from "./remove-lost-words.ts";
import { type LeftByWork, leftBy, removeOwn } from "./remove-own.ts";
import { removeUnknownUploads } from "./remove-unknown-uploads.ts";
import { removeUnlocked } from "./remove-unlocked.ts";
import { forgetLock, isLockFree } from "./sign-of-life.ts";
import { isWorkKey, recordKey, sweptKey, thisHost, WORK_PREFIX, type WorkRecord, workOfKey } from "./work-record.ts";

/** A repository in a store of objects. */
export class ObjectStorage implements Storage {
  readonly location: string;
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #memory = new PartMemory();

  constructor(store: ObjectStore, clock: Clock) {
    this.location = store.location;
    this.#store = store;
    this.#clock = clock;
  }

  async beginWork(): Promise<Work> {
    const now = this.#clock.now();
    return await ObjectWork.begin(this.#store, this.#memory, uuidV7(now), now);
  }

  async beginTransfer(request: TransferRequest): Promise<Transfer> {
    if (!isUuid(request.id)) throw new Error(`no id of a transfer: ${JSON.stringify(request.id)}`);
    const place = { store: this.#store, memory: this.#memory, now: this.#clock.now() };
    const state = await this.#store.head(recordKey(request.id));
    if (state === undefined) return await ObjectTransfer.begin(place, request, undefined);
    const record = await readRecord(this.#store, request.id, state.size);
    const isFree = record !== undefined && (await this.#isFree(record, state.modified));
    if (record?.transfer === undefined || !isFree) throw busyTransfer(`${this.location}/${WORK_PREFIX}${request.id}`);
    return await ObjectTransfer.begin(place, request, record);
  }

  async open(key: string): Promise<OpenedObject> {
    const state = await this.#store.head(safe(key));
    if (state !== undefined) return new OpenedRangeObject(this.#store, state);
    throw new BackupError({
      code: "NOT_FOUND",
      message: "there is no such object",
      object: `${this.location}/${key}`,
      hint: "see what is there with list",
    });
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    const state = await this.#store.head(safe(key));
    if (state === undefined) return undefined;
    const { size, modified, lock } = state;
    return { key, size, modified, ...(lock === undefined ? {} : { lock }) };
  }

  async *list(prefix: string, { recursive = false, folders = false }: ListOptions = {}): AsyncIterable<StoredObject> {
    for await (const object of this.#store.list(prefix, recursive)) {
      if (!isWorkKey(object.key) && (folders || !object.key.endsWith("/"))) yield object;
    }
  }

  async remove(key: string): Promise<void> {
    await removeUnlocked(this.#store, safe(key));
  }

  async sweep({ dryRun = false, unknownUploads = false }: SweepOptions = {}): Promise<SweepResult> {
    const objects: string[] = [];
    const uploads: string[] = [];
    const noted: NotedWork[] = [];
    let works = 0;
    const words: ListedObject[] = [];
    for await (const listed of this.#store.list(WORK_PREFIX, true)) {
      const id = workOfKey(listed.key);
      if (id === undefined) {
        words.push(listed);
        continue;
      }
      try {
        const record = await readRecord(this.#store, id, listed.size);
        if (record === undefined) continue;
        const isBusy = ownWorks.has(id) || !(await this.#isFree(record, listed.modified));
        if (record.transfer !== undefined && !(await this.#isSealed(record))) {
          const location = `${this.location}/${WORK_PREFIX}${id}`;
          noted.push({ id, location, firstNote: record.transfer.note, isBusy });
          continue;
        }
        if (isBusy) continue;
        const left = dryRun ? await leftBy(this.#store, record) : await this.#sweepWork(record, listed);
        if (left === undefined) continue;
        works++;
        objects.push(...left.objects);
        uploads.push(...left.uploads);
      } catch {
        // Not ours to remove, or the service's fault: whoever may, sweeps it later.
      }
    }
    works += await removeLostWords(this.#store, words, dryRun);
    if (unknownUploads) uploads.push(...(await removeUnknownUploads(this.#store, dryRun)));
    return { works, objects, uploads, noted };
  }

  async #isSealed({ id, seal }: WorkRecord): Promise<boolean> {
    return seal !== undefined && (await this.#store.head(seal))?.work === id;
  }

  /** What was removed; undefined when its owner lives after all. */
  async #sweepWork(record: WorkRecord, listed: ListedObject): Promise<LeftByWork | undefined> {
    const { id } = record;
    // Who was silent for long may be about to seal what it wrote: see there.
    await this.#store.put(sweptKey(id), Buffer.alloc(0), { work: id, createOnly: false });
    const again = await this.#store.head(recordKey(id));
    if (again !== undefined && again.modified.getTime() !== listed.modified.getTime()) {
      await this.#store.remove(sweptKey(id));
      return undefined;
    }
    const removed = await removeOwn(this.#store, record);
    await forgetLock(id);
    return removed;
  }

  /** Its owner is gone, or has let go of it. */
  async #isFree(record: WorkRecord, modified: Date): Promise<boolean> {
    if (record.transfer?.rests === true) return true;
    const { bootId } = await thisHost();
    if (record.has_lock && record.boot_id === bootId && (await isLockFree(record.id))) return true;
    return this.#store.now().getTime() - modified.getTime() > SILENCE_MS;
  }

  async resumeWork(id: string): Promise<ResumedWork> {
    throw new BackupError({
      code: "NOT_FOUND",
      message: "there is no unfinished work that could go on",
      object: `${this.location}/${WORK_PREFIX}${id}`,
      hint: "only backups in folders can be resumed",
    });
  }

  async freeBytes(): Promise<number | undefined> {
    return undefined;
  }
}

function safe(key: string): string {
  if (!isSafeRelativePath(key)) throw new Error(`no safe key: ${JSON.stringify(key)}`);
  return key;
}
