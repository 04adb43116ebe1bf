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
 * Lines that say what of a work is done, appended while it goes on. They are synced beside the work, several together: what
 * a crash of the machine takes away was done in vain, and what is there is checked before it is believed.
 */
export class WorkNotes {
  readonly #path: string;
  readonly #handle: FileHandle;
  #lastWrite: Promise<void> = Promise.resolve();
  /** The one that runs, if any. */
  #sync: Promise<void> | undefined;
  #isDirty = false;
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
      await notes.add("");
      return notes;
    } catch (cause) {
      throw ioError("opening", path, cause);
    }
  }

  /** Resolves when the line is written. */
  async add(line: string): Promise<void> {
    const write = this.#lastWrite.then(() => this.#write(line));
    this.#lastWrite = write;
    await write;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Makes all of it durable, as far as that can be, and closes. */
  async close(): Promise<void> {
    await this.#lastWrite;
    while (this.#sync !== undefined) await this.#sync;
    await this.#handle.close();
  }

  /** Never rejects: the failure is kept for all that wait. */
  async #write(line: string): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await this.#handle.appendFile(`${line}\n`);
      this.#isDirty = true;
      this.#sync ??= this.#syncBeside();
    } catch (cause) {
      this.#failure = ioError("writing", this.#path, cause);
    }
  }

  async #syncBeside(): Promise<void> {
    try {
      while (this.#isDirty) {
        this.#isDirty = false;
        await this.#handle.datasync();
      }
    } catch (cause) {
      this.#failure ??= ioError("writing", this.#path, cause);
    } finally {
      this.#sync = undefined;
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
