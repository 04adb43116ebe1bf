import { BackupError } from "../../core/backup-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import type { SweepOptions, SweepResult } from "../../ports/storage.ts";
import { ObjectStorage } from "../object/object-storage.ts";
import type { SftpStore } from "./sftp-store.ts";
import { sweepRemains } from "./sweep-remains.ts";

/** A repository in a folder on a server that speaks SFTP. */
export class SftpStorage extends ObjectStorage {
  readonly #files: SftpStore;

  /**
   * @param store how the files are written and read, with what stands around them
   * @param files for what only a file system has
   */
  constructor(store: ObjectStore, files: SftpStore, clock: Clock) {
    super(store, clock);
    this.#files = files;
  }

  override async sweep(options: SweepOptions = {}): Promise<SweepResult> {
    try {
      const swept = await super.sweep(options);
      // Whoever may, removes them later.
      const remains = await sweepRemains(this.#files, options.dryRun === true).catch(() => 0);
      return { ...swept, works: swept.works + remains };
    } catch (error) {
      // Before the first backup there is no folder.
      if (error instanceof BackupError && error.code === "NOT_FOUND")
        return { works: 0, objects: [], uploads: [], noted: [] };
      throw error;
    }
  }

  override async freeBytes(): Promise<number | undefined> {
    return await this.#files.freeBytes();
  }
}
