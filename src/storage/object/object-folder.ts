import { BackupError } from "../../core/backup-error.ts";
import { isSafeComponent, isSafeRelativePath } from "../../core/safe-path.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import type { DiscardableFile, PendingFolder } from "../../ports/storage.ts";
import type { ObjectWork } from "./object-work.ts";
import type { ObjectWriter } from "./object-writer.ts";
import { removeUnneeded } from "./remove-unlocked.ts";

/**
 * Objects that belong together, each written when it ends below the key that the folder is meant for. They are no backup
 * before its metadata is there; under another key they are copied inside the service.
 */
export class ObjectFolder implements PendingFolder {
  readonly #work: ObjectWork;
  readonly #store: ObjectStore;
  #place: string;
  readonly #writers = new Map<string, ObjectWriter>();
  /** Sizes of those that ended. */
  readonly #ended = new Map<string, number>();
  #announced: Promise<string> | undefined;
  #isOver = false;

  constructor(work: ObjectWork, store: ObjectStore, place: string) {
    this.#work = work;
    this.#store = store;
    this.#place = place;
  }

  async create(name: string): Promise<DiscardableFile> {
    if (!isSafeComponent(name)) throw new Error(`no safe name: ${JSON.stringify(name)}`);
    if (this.#writers.has(name) || this.#ended.has(name)) throw new Error(`created before: ${JSON.stringify(name)}`);
    this.#announced ??= this.#work.announceFolder(this.#place);
    this.#place = await this.#announced;
    const key = `${this.#place}/${name}`;
    const writer = this.#work.writer(key);
    this.#writers.set(name, writer);
    return {
      write: (bytes) => writer.write(bytes),
      end: async (note) => {
        if (note !== undefined) await this.#work.note();
        await this.#work.publish(writer, key, "part");
        this.#writers.delete(name);
        this.#ended.set(name, writer.size);
      },
      discard: async () => {
        this.#writers.delete(name);
        await writer.abandon();
      },
    };
  }

  async commit(key: string): Promise<void> {
    if (!isSafeRelativePath(key)) throw new Error(`no safe key: ${JSON.stringify(key)}`);
    if (this.#isOver) throw new Error("committed or aborted before");
    if (this.#writers.size > 0) throw new Error("files of the folder have not ended");
    if (key !== this.#place) await this.#copyTo(key);
    this.#isOver = true;
  }

  async #copyTo(key: string): Promise<void> {
    for await (const taken of this.#store.list(`${key}/`, true)) {
      throw new BackupError({
        code: "EXISTS",
        message: `"${taken.key}" exists already`,
        object: `${this.#store.location}/${key}`,
        hint: "choose another name; nothing is ever overwritten",
      });
    }
    await this.#work.announceTarget(`${key}/`);
    for (const [name, size] of this.#ended) await this.#work.copy(`${this.#place}/${name}`, `${key}/${name}`, size);
    // Those below a key that was meant for them would be found there.
    for (const name of this.#ended.keys()) await removeUnneeded(this.#store, `${this.#place}/${name}`);
  }

  async abort(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const writer of this.#writers.values()) await writer.abandon();
  }
}
