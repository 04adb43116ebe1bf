import { existsSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { BackupError } from "../../core/backup-error.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import { openForReading } from "./durable-file-system.ts";
import { ioError } from "./io-error.ts";

/** A regular file, open for reading: renamed or removed, it stays the same bytes. */
export class OpenedFile implements OpenedObject {
  readonly key: string;
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #path: string;

  private constructor(key: string, path: string, size: number, handle: FileHandle) {
    this.key = key;
    this.size = size;
    this.#handle = handle;
    this.#path = path;
  }

  /** @throws BackupError NOT_FOUND, IO */
  static async open(key: string, path: string): Promise<OpenedFile> {
    try {
      const handle = await openForReading(path);
      const stats = await handle.stat();
      if (stats.isFile()) return new OpenedFile(key, path, stats.size, handle);
      await handle.close();
    } catch (cause) {
      throw ioError("opening", path, cause);
    }
    throw new BackupError({
      code: "IO",
      message: "opening failed: it is not a regular file",
      object: path,
      hint: "name a file",
    });
  }

  /** Where there is such a path, one that leads to the open file itself, whatever lies under its name meanwhile. */
  get localPath(): string {
    const own = `/proc/${process.pid}/fd/${this.#handle.fd}`;
    return existsSync(own) ? own : this.#path;
  }

  async readAt(position: number, target: Uint8Array): Promise<number> {
    let done = 0;
    try {
      while (done < target.length) {
        const { bytesRead } = await this.#handle.read(target, done, target.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
    } catch (cause) {
      throw ioError("reading", this.#path, cause);
    }
    return done;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
