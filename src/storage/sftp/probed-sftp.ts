import type { ObjectStore } from "../../ports/object-store.ts";
import { ProbedStore } from "../object/probed-store.ts";
import { type SftpStore, workHolding } from "./sftp-store.ts";

/** A folder on a server that is tried out. */
export class ProbedSftp extends ProbedStore {
  readonly #files: SftpStore;
  readonly #work: string;

  /** @param work an id that nobody else has */
  constructor(store: ObjectStore, files: SftpStore, work: string) {
    super(store, work);
    this.#files = files;
    this.#work = work;
  }

  /** What says who wrote it goes with it. */
  override async remove(key: string): Promise<void> {
    await super.remove(key);
    for (const work of [this.#work, workHolding(key)]) if (work !== undefined) await this.#files.forgetMarks(work);
  }

  override async freeBytes(): Promise<number | undefined> {
    return await this.#files.freeBytes();
  }
}
