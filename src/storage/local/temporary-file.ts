import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ByteSink } from "../../ports/byte-sink.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import { ioError } from "./io-error.ts";

const FILE_MODE = 0o600;

/**
 * A file where temporary files lie (TMPDIR says where), which is written first and read then. It has no name once it is open, so that
 * nothing can leave it behind.
 */
export class TemporaryFile implements ByteSink, OpenedObject {
  readonly key: string;
  readonly #path: string;
  readonly #handle: FileHandle;
  #size = 0;

  private constructor(key: string, path: string, handle: FileHandle) {
    this.key = key;
    this.#path = path;
    this.#handle = handle;
  }

  /** @param key what it is called as an object. @throws BackupError IO */
  static async open(key: string): Promise<TemporaryFile> {
    const path = join(tmpdir(), `dbbackup-file-${randomUUID()}`);
    try {
      const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, FILE_MODE);
      await unlink(path);
      return new TemporaryFile(key, path, handle);
    } catch (cause) {
      throw ioError("creating", path, cause);
    }
  }

  get size(): number {
    return this.#size;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, this.#size);
        done += bytesWritten;
        this.#size += bytesWritten;
      }
    } catch (cause) {
      throw ioError("writing", this.#path, cause);
    }
  }

  async readAt(position: number, target: Uint8Array): Promise<number> {
    try {
      let done = 0;
      while (done < target.length) {
        const { bytesRead } = await this.#handle.read(target, done, target.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    } catch (cause) {
      throw ioError("reading", this.#path, cause);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
