import { lstat, readdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import type { Spool } from "../../ports/spool.ts";
import type { PendingFolder, PendingObject, ResumedWork, StoredObject, Work } from "../../ports/storage.ts";
import { createFile, createFolder, ensureFolder, publishFile } from "./durable-file-system.ts";
import { FileWriter } from "./file-writer.ts";
import { hasCode, ioError, publishingError } from "./io-error.ts";
import { type FolderPlace, LocalPendingFolder } from "./local-pending-folder.ts";
import { LocalSpool } from "./local-spool.ts";
import { ResumedLocalFolder } from "./resumed-local-folder.ts";
import { expectOurs, NOTED_FOLDER, type WorkFolder } from "./work-folder.ts";
import { appendToJournal, journalEntry } from "./work-journal.ts";
import { WorkListing } from "./work-listing.ts";
import { readNotes, WorkNotes } from "./work-notes.ts";

/** One run's work in a folder. */
export class LocalWork implements Work {
  readonly id: string;
  readonly #root: string;
  readonly #folder: WorkFolder;
  readonly #isResumed: boolean;
  readonly #pending = new Set<{ abort(): Promise<void> }>();
  #notes: Promise<WorkNotes> | undefined;
  #created = 0;

  constructor(root: string, folder: WorkFolder, isResumed = false) {
    this.id = folder.id;
    this.#root = root;
    this.#folder = folder;
    this.#isResumed = isResumed;
  }

  /** Goes on with a work that has notes. @param folder claimed by this process */
  static async resume(root: string, folder: WorkFolder): Promise<ResumedWork> {
    const work = new LocalWork(root, folder, true);
    try {
      // Of its numbered files one may be left that a seal was to be.
      const numbers = (await readdir(folder.path)).map(Number).filter(Number.isInteger);
      work.#created = Math.max(...numbers, 0);
      const pending = await ResumedLocalFolder.open(work.#placeOf(join(folder.path, NOTED_FOLDER)));
      work.#pending.add(pending);
      return { work, folder: pending, notes: readNotes(folder.path) };
    } catch (cause) {
      await work.end().catch(() => {}); // The first error says what is wrong.
      throw ioError("opening", folder.path, cause);
    }
  }

  get location(): string {
    return this.#folder.path;
  }

  async create(): Promise<PendingObject> {
    const path = join(this.#folder.path, String(++this.#created));
    try {
      const file = new LocalPendingObject(this.#root, this.#folder, path, new FileWriter(await createFile(path), path));
      this.#pending.add(file);
      return file;
    } catch (cause) {
      throw ioError("creating a file", path, cause);
    }
  }

  async createFolder(): Promise<PendingFolder> {
    const path = join(this.#folder.path, String(++this.#created));
    try {
      await createFolder(path);
    } catch (cause) {
      throw ioError("creating a folder", path, cause);
    }
    const folder = new LocalPendingFolder(this.#placeOf(path));
    this.#pending.add(folder);
    return folder;
  }

  async openSpool(): Promise<Spool> {
    const spool = new LocalSpool(join(this.#folder.path, `spool-${++this.#created}`), false);
    this.#pending.add({ abort: () => spool.close() });
    return spool;
  }

  async note(line: string): Promise<void> {
    await (await this.#openNotes()).add(line);
  }

  #openNotes(): Promise<WorkNotes> {
    this.#notes ??= this.#isResumed ? WorkNotes.resume(this.#folder.path) : WorkNotes.create(this.#folder.path);
    return this.#notes;
  }

  #placeOf(path: string): FolderPlace {
    return {
      root: this.#root,
      workFolder: this.#folder.path,
      path,
      note: async (line) => (await this.#openNotes()).gather(line),
      listing: new WorkListing(this.#folder.path),
    };
  }

  async end(): Promise<void> {
    for (const file of this.#pending) await file.abort();
    this.#pending.clear();
    // Who wanted to note something was told that it cannot be.
    const notes = await this.#notes?.catch(() => undefined);
    this.#notes = undefined;
    await notes?.close();
    try {
      await this.#folder.remove();
    } catch (cause) {
      throw ioError("removing the work folder", this.#folder.path, cause);
    }
  }
}

class LocalPendingObject implements PendingObject {
  readonly #root: string;
  readonly #work: WorkFolder;
  readonly #path: string;
  readonly #writer: FileWriter;
  #isFinished = false;
  #isOver = false;

  constructor(root: string, work: WorkFolder, path: string, writer: FileWriter) {
    this.#root = root;
    this.#work = work;
    this.#path = path;
    this.#writer = writer;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#writer.write(bytes);
  }

  /**
   * The order is what makes it safe: bytes, fsync, close, a durable note of what will be published, the new name, fsync
   * of its folder. The name in the work folder stays until the work ends.
   */
  async commit(key: string, role: "part" | "seal"): Promise<StoredObject> {
    if (!isSafeRelativePath(key)) throw new Error(`no safe key: ${JSON.stringify(key)}`);
    if (this.#isOver) throw new Error("committed or aborted before");
    if (!this.#isFinished) await this.#writer.finish();
    this.#isFinished = true;
    const target = join(this.#root, key);
    if (role === "seal") await expectOurs(this.#work);
    try {
      const stats = await lstat(this.#path, { bigint: true });
      await appendToJournal(this.#work.path, [journalEntry(key, role, stats)]);
      if (key.includes("/")) await ensureFolder(dirname(target));
      await publishFile(this.#path, target);
      this.#isOver = true;
      // Not looked at under its new name, which another run may have removed already: a record of something that is done.
      return { key, size: Number(stats.size), modified: asListed(stats.mtimeNs) };
    } catch (cause) {
      throw publishingError(target, cause);
    }
  }

  async abort(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#writer.close().catch(() => {}); // Its bytes are not wanted any more.
    try {
      await unlink(this.#path);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw ioError("removing", this.#path, error);
    }
  }
}

/** Whole milliseconds of a time in nanoseconds. Node rounds those of a listing, and cuts off those that come with nanoseconds. */
function asListed(nanoseconds: bigint): Date {
  const seconds = nanoseconds / 1_000_000_000n;
  return new Date(Math.round(Number(seconds) * 1000 + Number(nanoseconds - seconds * 1_000_000_000n) / 1e6));
}
