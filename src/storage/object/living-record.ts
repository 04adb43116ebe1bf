import { BackupError } from "../../core/backup-error.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { type SignOfLife, showSignOfLife } from "./sign-of-life.ts";
import { covers, formatRecord, recordKey, takenKey, thisHost, WORK_PREFIX, type WorkRecord } from "./work-record.ts";

const HEARTBEAT_MS = 60_000;
/** An owner somewhere else that lives has given a sign of life since then. */
export const SILENCE_MS = 10 * HEARTBEAT_MS;

/** Works of this process. */
export const ownWorks = new Set<string>();

type Known = Pick<WorkRecord, "keys" | "transfer" | "seal">;

/** The record of a work of this process, which is written again each minute as long as it lives. */
export class LivingRecord {
  readonly #store: ObjectStore;
  readonly #life: SignOfLife;
  readonly #heartbeat: NodeJS.Timeout;
  #record: WorkRecord;
  /** As the store has it. */
  #saved: WorkRecord | undefined;
  #saving: Promise<void> = Promise.resolve();
  #hasEnded = false;

  private constructor(store: ObjectStore, life: SignOfLife, record: WorkRecord) {
    this.#store = store;
    this.#life = life;
    this.#record = record;
    // What a sign of life fails of, the work itself will say.
    this.#heartbeat = setInterval(() => void this.#save().catch(() => {}), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** @param known what it says besides whose it is; asked for when the sign of life is there */
  static async begin(
    store: ObjectStore,
    id: string,
    now: Date,
    known: Known | ((life: SignOfLife) => Promise<Known>) = { keys: [] },
  ): Promise<LivingRecord> {
    ownWorks.add(id);
    const life = await showSignOfLife(id);
    const { host, bootId } = await thisHost();
    const what =
      typeof known === "object"
        ? known
        : await known(life).catch(async (error: unknown) => {
            ownWorks.delete(id);
            // A lock that a dead run left stays the proof of its death.
            await life.end(life.isInherited);
            throw error;
          });
    const started = now.toISOString();
    const record = new LivingRecord(store, life, {
      id,
      host,
      boot_id: bootId,
      started,
      has_lock: life.hasLock,
      ...what,
    });
    try {
      await record.#save();
      return record;
    } catch (error) {
      await record.forget();
      throw error;
    }
  }

  get value(): WorkRecord {
    return this.#record;
  }

  /** Resolves when it is written. */
  async change(change: Partial<WorkRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    await this.#save();
  }

  /** Says that an object, or with a slash at the end all below, will be this work's. Resolves when that is written. */
  async announce(key: string): Promise<void> {
    if (!covers(this.#record, key)) await this.change({ keys: [...this.#record.keys, key] });
    // Somebody beside may have just begun to say so.
    else if (this.#saved === undefined || !covers(this.#saved, key)) await this.#save();
  }

  /** Takes back what was announced: nothing was written there. */
  async withdraw(key: string): Promise<void> {
    await this.change({ keys: this.#record.keys.filter((known) => known !== key) });
  }

  /** No sign of life comes any more, and no change; what is being written is waited for. */
  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#saving;
    this.#hasEnded = true;
  }

  /** The work is this process's no longer. To be called when all is done. @param isLeft as of `SignOfLife.end` */
  async forget(isLeft?: boolean): Promise<void> {
    await this.stop();
    ownWorks.delete(this.#record.id);
    await this.#life.end(isLeft);
  }

  /** One after another. */
  #save(): Promise<void> {
    const save = async (): Promise<void> => {
      if (this.#hasEnded) return;
      const record = this.#record;
      const { id, transfer } = record;
      // Who slept for long and wakes up would write over the record of the run that goes on.
      if (transfer !== undefined && (await isTaken(this.#store, id, transfer.run))) {
        throw takenOver(`${this.#store.location}/${WORK_PREFIX}${id}`);
      }
      await this.#store.put(recordKey(id), formatRecord(record), { work: id, createOnly: false });
      this.#saved = record;
    };
    const saved = this.#saving.then(save);
    this.#saving = saved.catch(() => {}); // Whoever asked for it is told.
    return saved;
  }
}

/** Whether another run has taken a transfer over. @param run that asks */
export async function isTaken(store: ObjectStore, id: string, run: number): Promise<boolean> {
  return (await store.head(takenKey(id, run + 1))) !== undefined;
}

/** @param object the transfer's place */
export function takenOver(object: string): BackupError {
  return new BackupError({
    code: "IO",
    message: "another run took this one for dead, and goes on with the copy",
    object,
    hint: "this one could not reach the storage for 10 minutes; see with list what the other one has done",
    retry: "maybe",
  });
}
