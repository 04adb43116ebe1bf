import { BackupError } from "../../core/backup-error.ts";
import type { ObjectState, ObjectStore } from "../../ports/object-store.ts";
import type { ProbedObject, ProbedPlace } from "../../ports/probed-place.ts";

/** A store of objects that is tried out. */
export class ProbedStore implements ProbedPlace {
  readonly location: string;
  readonly isFolder = false;
  readonly #store: ObjectStore;
  readonly #work: string;

  /** @param work an id that nobody else has */
  constructor(store: ObjectStore, work: string) {
    this.location = store.location;
    this.#store = store;
    this.#work = work;
  }

  create(key: string, bytes: Uint8Array): Promise<void> {
    return this.#store.put(key, bytes, { work: this.#work, createOnly: true });
  }

  replace(key: string, bytes: Uint8Array): Promise<void> {
    return this.#store.put(key, bytes, { work: this.#work, createOnly: false });
  }

  async read(key: string, position: number, target: Uint8Array): Promise<void> {
    const { version } = await this.#state(key);
    await this.#store.read(key, version, position, target);
  }

  async look(key: string): Promise<ProbedObject | undefined> {
    const state = await this.#store.head(key);
    return state && { keptUntil: state.lock?.until, hasVersions: state.hasVersions === true };
  }

  remove(key: string): Promise<void> {
    return this.#store.remove(key);
  }

  async clockAhead(): Promise<number> {
    return this.#store.now().getTime() - Date.now();
  }

  async freeBytes(): Promise<number | undefined> {
    return undefined;
  }

  async #state(key: string): Promise<ObjectState> {
    const state = await this.#store.head(key);
    if (state !== undefined) return state;
    throw new BackupError({
      code: "NOT_FOUND",
      message: "what was written is not there",
      object: `${this.location}/${key}`,
    });
  }
}
