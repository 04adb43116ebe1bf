import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { GrowingFolder, OpenedObject } from "../../ports/storage.ts";
import { createFile, openForReading } from "./durable-file-system.ts";
import { hasCode, ioError } from "./io-error.ts";
import { OpenedFile } from "./opened-file.ts";
import { isWorkAlive, NOTED_FOLDER } from "./work-folder.ts";

/** In a work folder: what the folder that grows in it holds so far. It is nothing by itself, and goes away with the work. */
const LISTING = "listing";
/** How often a reader looks for new lines, and whether somebody is still at work. */
const LOOK_MS = 50;
const ALIVE_MS = 500;
const READ_BYTES = 256 * 1024;
/** A longer line is none of ours: the longest names all tables of a database. */
const MAX_LINE_BYTES = 64 << 20;

/** Writes the lines of a listing, each as soon as what it speaks of is durable. Never rejects before `close`. */
export class WorkListing {
  readonly #path: string;
  #handle: FileHandle | undefined;
  /** Not written yet; those that come while others are written go with the next write. */
  #waiting: { readonly line: string; readonly after: Promise<unknown> }[] = [];
  #writing: Promise<void> | undefined;
  #failure: unknown;

  constructor(workFolder: string) {
    this.#path = join(workFolder, LISTING);
  }

  /** @param after what must be done before, and never rejects */
  add(line: string, after: Promise<unknown>): void {
    this.#waiting.push({ line, after });
    this.#writing ??= this.#write();
  }

  /** Waits for all lines. @throws BackupError IO */
  async close(): Promise<void> {
    await this.#writing;
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const next = this.#waiting;
      this.#waiting = [];
      await Promise.all(next.map(({ after }) => after));
      if (this.#failure === undefined) await this.#append(next.map(({ line }) => `${line}\n`).join(""));
    }
    this.#writing = undefined;
  }

  async #append(text: string): Promise<void> {
    try {
      this.#handle ??= await createFile(this.#path);
      await this.#handle.appendFile(text);
    } catch (cause) {
      this.#failure = ioError("writing", this.#path, cause);
    }
  }
}

/**
 * The folder that grows in a work folder, for whoever wants to read along; undefined when nothing is told of it, or nobody is
 * at work on it any more.
 */
export async function openGrowingFolder(workFolder: string): Promise<GrowingFolder | undefined> {
  const path = join(workFolder, LISTING);
  try {
    const handle = await openForReading(path);
    const isAlive = await isWorkAlive(workFolder).catch(() => false);
    if (isAlive) return new LocalGrowingFolder(workFolder, handle);
    await handle.close();
    return undefined;
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) return undefined;
    throw ioError("opening", path, cause);
  }
}

class LocalGrowingFolder implements GrowingFolder {
  readonly location: string;
  readonly #handle: FileHandle;

  constructor(workFolder: string, handle: FileHandle) {
    this.location = workFolder;
    this.#handle = handle;
  }

  async *lines(signal: AbortSignal): AsyncGenerator<string> {
    const piece = Buffer.allocUnsafe(READ_BYTES);
    let rest = Buffer.alloc(0);
    let isOver = false;
    let lookedAt = 0;
    for (let at = 0; ; ) {
      signal.throwIfAborted();
      const { bytesRead } = await this.#handle.read(piece, 0, piece.length, at).catch((cause: unknown) => {
        throw ioError("reading", join(this.location, LISTING), cause);
      });
      at += bytesRead;
      if (bytesRead > 0) {
        rest = Buffer.concat([rest, piece.subarray(0, bytesRead)]);
        let start = 0;
        for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
          yield rest.toString("utf8", start, end);
          start = end + 1;
        }
        rest = rest.subarray(start);
        if (rest.length > MAX_LINE_BYTES)
          throw ioError("reading", join(this.location, LISTING), new Error("a line is too long"));
        continue;
      }
      if (isOver) return;
      if (Date.now() - lookedAt >= ALIVE_MS) {
        lookedAt = Date.now();
        // What was written last before the end is read once more.
        isOver = !(await this.isAlive());
        if (isOver) continue;
      }
      await sleep(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  async isAlive(): Promise<boolean> {
    return await isWorkAlive(this.location);
  }

  open(name: string): Promise<OpenedObject> {
    return OpenedFile.open(name, join(this.location, NOTED_FOLDER, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}
