import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { createFile, openForReading } from "./durable-file-system.ts";
import { hasCode, ioError } from "./io-error.ts";

/** The notes of a work that can be resumed. */
export const NOTES = "notes";
/** A longer one is no first line of ours. */
const MAX_FIRST_LINE = 1 << 20;

/**
 * Whatever lies unwritten in a file system's cache is written with the next fsync of any file: a note for each of many small
 * files, written and synced by itself, took as much time again as the files.
 */
const SYNC_PAUSE_MS = 1000;
const GATHERED_LINES = 16;
const GATHER_MS = 100;

/**
 * Lines that say what of a work is done, appended while it goes on, several together, and synced beside it. What kill -9 or a
 * crash of the machine takes away was done in vain, and what is there is checked before it is believed.
 */
export class WorkNotes {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #gathered: string[] = [];
  #gatherTimer: NodeJS.Timeout | undefined;
  #lastWrite: Promise<void> = Promise.resolve();
  /** Set while there are lines that are not synced. */
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #failure: unknown;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** Begins the notes of a work. */
  static async create(workFolder: string): Promise<WorkNotes> {
    const path = join(workFolder, NOTES);
    try {
      return new WorkNotes(path, await createFile(path));
    } catch (cause) {
      throw ioError("creating a file", path, cause);
    }
  }

  /** Goes on with those that are there. */
  static async resume(workFolder: string): Promise<WorkNotes> {
    const path = join(workFolder, NOTES);
    try {
      const notes = new WorkNotes(path, await open(path, constants.O_WRONLY | constants.O_APPEND));
      // The last line may be torn, and must not be joined to ours.
      await notes.#handle.appendFile("\n");
      return notes;
    } catch (cause) {
      throw ioError("opening", path, cause);
    }
  }

  /** Resolves when the line is written. */
  async add(line: string): Promise<void> {
    this.#gathered.push(line);
    await this.#flush();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Writes the line with others, soon. */
  async gather(line: string): Promise<void> {
    this.#gathered.push(line);
    if (this.#gathered.length >= GATHERED_LINES) await this.#flush();
    else this.#gatherTimer ??= setTimeout(() => void this.#flush(), GATHER_MS);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Makes all of it durable, as far as that can be, and closes. */
  async close(): Promise<void> {
    await this.#flush();
    await this.#syncing;
    if (this.#syncTimer !== undefined) await this.#sync();
    await this.#handle.close();
  }

  /** Never rejects: the failure is kept for all that wait. */
  async #flush(): Promise<void> {
    clearTimeout(this.#gatherTimer);
    this.#gatherTimer = undefined;
    const text = this.#gathered.splice(0).join("\n");
    this.#lastWrite = this.#lastWrite.then(() => this.#write(text));
    await this.#lastWrite;
  }

  async #write(text: string): Promise<void> {
    if (this.#failure !== undefined || text === "") return;
    try {
      await this.#handle.appendFile(`${text}\n`);
      this.#syncTimer ??= setTimeout(() => {
        this.#syncing = this.#syncing.then(() => this.#sync());
      }, SYNC_PAUSE_MS);
    } catch (cause) {
      this.#failure = ioError("writing", this.#path, cause);
    }
  }

  /** Never rejects either. */
  async #sync(): Promise<void> {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    try {
      await this.#handle.datasync();
    } catch (cause) {
      this.#failure ??= ioError("writing", this.#path, cause);
    }
  }
}

/** The first line of a work's notes; undefined when there are none, or it was not written whole. */
export async function firstNote(workFolder: string): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    handle = await openForReading(join(workFolder, NOTES));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.allocUnsafe(MAX_FIRST_LINE);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    const end = bytes.subarray(0, bytesRead).indexOf("\n");
    return end <= 0 ? undefined : bytes.toString("utf8", 0, end);
  } finally {
    await handle.close();
  }
}

/** All lines; the last one may not have been written whole. */
export async function* readNotes(workFolder: string): AsyncGenerator<string> {
  const path = join(workFolder, NOTES);
  try {
    const handle = await openForReading(path);
    for await (const line of handle.readLines({ encoding: "utf8" })) if (line !== "") yield line;
  } catch (cause) {
    throw ioError("reading", path, cause);
  }
}
