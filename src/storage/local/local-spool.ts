import { constants } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import type { Spool } from "../../ports/spool.ts";
import { hasCode, ioError } from "./io-error.ts";

/** Up to here bytes stay in memory: most tables are smaller, and never touch the disk. */
const memoryBytes = 1024 * 1024;
const fileMode = 0o600;

/** Keeps a few bytes in memory and the rest in a file of this name, which is made when it is needed first. */
export class LocalSpool implements Spool {
  readonly #path: string;
  readonly #unlinkAtOnce: boolean;
  #memory: Buffer | undefined;
  #gathered = 0;
  #handle: FileHandle | undefined;
  #stored = 0;

  /** @param unlinkAtOnce the file loses its name as soon as it is open, so that nothing can ever leave it behind */
  constructor(path: string, unlinkAtOnce: boolean) {
    this.#path = path;
    this.#unlinkAtOnce = unlinkAtOnce;
  }

  get size(): number {
    return this.#stored + this.#gathered;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#memory ??= Buffer.allocUnsafeSlow(memoryBytes);
    if (this.#gathered + bytes.length > memoryBytes) {
      await this.#store(this.#memory.subarray(0, this.#gathered));
      this.#gathered = 0;
    }
    if (bytes.length > memoryBytes) return await this.#store(bytes);
    this.#memory.set(bytes, this.#gathered);
    this.#gathered += bytes.length;
  }

  async *drain(): AsyncGenerator<Uint8Array> {
    if (this.#stored > 0) {
      const piece = Buffer.allocUnsafe(memoryBytes);
      for (let position = 0; position < this.#stored; ) {
        const count = await this.#read(piece, position);
        position += count;
        yield piece.subarray(0, count);
      }
      // A large table's space is free again while the next one comes.
      await this.#handle!.truncate(0).catch((cause: unknown) => Promise.reject(this.#error("emptying", cause)));
      this.#stored = 0;
    }
    if (this.#gathered > 0) yield this.#memory!.subarray(0, this.#gathered);
    this.#gathered = 0;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#memory = undefined;
    await handle?.close();
    if (handle === undefined || this.#unlinkAtOnce) return;
    await unlink(this.#path).catch((cause: unknown) => {
      if (!hasCode(cause, "ENOENT")) throw this.#error("removing", cause);
    });
  }

  async #store(bytes: Uint8Array): Promise<void> {
    try {
      this.#handle ??= await this.#open();
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, this.#stored);
        done += bytesWritten;
        this.#stored += bytesWritten;
      }
    } catch (cause) {
      throw this.#error("writing", cause);
    }
  }

  async #read(target: Buffer, position: number): Promise<number> {
    try {
      const wanted = Math.min(target.length, this.#stored - position);
      const { bytesRead } = await this.#handle!.read(target, 0, wanted, position);
      if (bytesRead === 0) throw new Error("somebody made it shorter");
      return bytesRead;
    } catch (cause) {
      throw this.#error("reading", cause);
    }
  }

  async #open(): Promise<FileHandle> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
    const handle = await open(this.#path, flags, fileMode);
    if (this.#unlinkAtOnce) await unlink(this.#path);
    return handle;
  }

  #error(doing: string, cause: unknown): Error {
    return ioError(doing, this.#path, cause);
  }
}
