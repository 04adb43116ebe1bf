import { setTimeout as sleep } from "node:timers/promises";
import { BackupError } from "../../core/backup-error.ts";
import type { FinishedBackup, GrowingBackup } from "../../ports/restore.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import type { FoundBackup } from "../found-backup.ts";
import { HashedFiles } from "../hashed-files.ts";
import { HashedObject } from "../hashed-object.ts";
import { knownContents } from "../known-contents.ts";
import { listBackups } from "../list-backups.ts";
import { endGrowing, type RunningBackup } from "./find-growing.ts";

/** How often its metadata is looked for. */
const LOOK_MS = 100;

interface Finished {
  readonly found: FoundBackup;
  readonly files: HashedFiles;
}

/** A backup that is read while it is made. Files are hashed as they are read, and compared when its metadata is there. */
export class GrowingSource implements GrowingBackup, AsyncDisposable {
  readonly #running: RunningBackup;
  /** SHA-256 of files that were read as a whole. */
  readonly #hashes = new Map<string, string>();
  #finished: Promise<Finished> | undefined;
  /** Nobody is at work on it any more. */
  #isOver = false;

  constructor(running: RunningBackup) {
    this.#running = running;
  }

  async *announcements(signal: AbortSignal): AsyncGenerator<string> {
    const stop = () => this.#running.stop.abort();
    signal.addEventListener("abort", stop, { once: true });
    try {
      signal.throwIfAborted();
      yield* this.#running.lines;
      this.#isOver = true;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** When the folder has got its name, the file is there. */
  async open(name: string): Promise<OpenedObject> {
    const opened = await this.#running.folder.open(name).catch((error: unknown) => {
      if (!(error instanceof BackupError) || error.code !== "NOT_FOUND") throw error;
      return undefined;
    });
    if (opened === undefined) return await (await this.#finish(this.#running.stop.signal)).files.open(name);
    const hashed = new HashedObject(opened);
    return {
      key: hashed.key,
      localPath: hashed.localPath,
      size: hashed.size,
      readAt: (position, target) => hashed.readAt(position, target),
      close: async () => {
        if (hashed.isComplete) this.#hashes.set(name, await hashed.finish());
        await hashed.close();
      },
    };
  }

  async finished(signal: AbortSignal): Promise<FinishedBackup> {
    const { found, files } = await this.#finish(signal);
    return { files, ...knownContents(found.metadata) };
  }

  /** What of its files is not what its metadata recorded, for people. */
  async changedBytes(
    signal: AbortSignal,
  ): Promise<{ readonly found: FoundBackup; readonly changed: readonly string[] }> {
    const { found, files } = await this.#finish(signal);
    for (const [name, sha256] of this.#hashes) files.wasRead(name, sha256);
    await files.finish(signal);
    return { found, changed: files.changed.map(({ name, message }) => `${name}: ${message}`) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endGrowing(this.#running);
  }

  #finish(signal: AbortSignal): Promise<Finished> {
    this.#finished ??= this.#waitForEnd(signal);
    return this.#finished;
  }

  /** @throws BackupError when nobody is at work on it, and it is not there */
  async #waitForEnd(signal: AbortSignal): Promise<Finished> {
    const { storage, backup } = this.#running;
    for (;;) {
      signal.throwIfAborted();
      // Asked before: it may be finished while this looks. Not only of the announcements, which may be waiting for this.
      const isOver = this.#isOver || !(await this.#running.folder.isAlive());
      const { backups } = await listBackups(storage, signal);
      const found = backups.find(({ metadata }) => metadata.id === backup.id)?.backup;
      if (found?.folder !== undefined) return { found, files: new HashedFiles(found, await found.folder.sizes()) };
      if (isOver) throw notFinished(backup.database, this.#running.folder.location);
      await sleep(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

function notFinished(database: string, location: string): BackupError {
  return new BackupError({
    code: "NOT_FOUND",
    message: `the backup of database "${database}" that was followed ended before it was whole`,
    object: location,
    hint: "see what the backup said, and begin both again",
  });
}
