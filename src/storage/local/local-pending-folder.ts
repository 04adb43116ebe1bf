import { lstat, readdir, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isSafeComponent, isSafeRelativePath } from "../../core/safe-path.ts";
import type { BackupFiles } from "../../ports/backup-files.ts";
import type { DiscardableFile, PendingFolder } from "../../ports/storage.ts";
import { createFile, ensureFolder, openForReading, syncFolder } from "./durable-file-system.ts";
import { FileWriter } from "./file-writer.ts";
import { ioError, publishingError } from "./io-error.ts";
import { OpenedFile } from "./opened-file.ts";
import { appendToJournal, type JournalEntry, journalEntry } from "./work-journal.ts";
import type { WorkListing } from "./work-listing.ts";

/** Files that are synced while the next ones are written: waiting for each by itself took half as long again. */
const maxSyncing = 8;

export interface FolderPlace {
  readonly root: string;
  readonly workFolder: string;
  readonly path: string;
  /** Adds a line to the notes of the work. */
  readonly note: (line: string) => Promise<void>;
  /** What others are told of the folder while it grows. */
  readonly listing: WorkListing;
}

/** A folder that grows inside a work folder and then moves to its place as a whole. */
export class LocalPendingFolder implements PendingFolder {
  readonly #root: string;
  readonly #workFolder: string;
  readonly #path: string;
  readonly #note: (line: string) => Promise<void>;
  readonly #listing: WorkListing;
  readonly #open = new Set<FileWriter>();
  readonly #names: Set<string>;
  readonly #syncing = new Set<Promise<void>>();
  #failure: unknown;

  /** @param names of files that are in it already, whole and durable */
  constructor(place: FolderPlace, names: Iterable<string> = []) {
    this.#root = place.root;
    this.#workFolder = place.workFolder;
    this.#path = place.path;
    this.#note = place.note;
    this.#listing = place.listing;
    this.#names = new Set(names);
  }

  async create(name: string): Promise<DiscardableFile> {
    if (!isSafeComponent(name)) throw new Error(`no safe name: ${JSON.stringify(name)}`);
    const path = join(this.#path, name);
    const handle = await createFile(path).catch((cause: unknown) => {
      throw ioError("creating a file", path, cause);
    });
    const writer = new FileWriter(handle, path);
    this.#open.add(writer);
    this.#names.add(name);
    return {
      write: (bytes) => writer.write(bytes),
      end: (note) => this.#finish(writer, note),
      discard: () => this.#discard(writer, name),
    };
  }

  announce(line: string): void {
    this.#listing.add(line, Promise.all(this.#syncing));
  }

  get localPath(): string {
    return this.#path;
  }

  /** Each file is made durable; the folder must hold nothing else. */
  async adopt(): Promise<BackupFiles> {
    const sizes = new Map<string, number>();
    const path = (name: string): string => join(this.#path, name);
    for (const name of (await readdir(this.#path)).toSorted()) {
      sizes.set(name, await syncedSize(name, path(name)));
      this.#names.add(name);
    }
    return { sizes, open: (name) => OpenedFile.open(name, path(name)) };
  }

  async #discard(writer: FileWriter, name: string): Promise<void> {
    const path = join(this.#path, name);
    this.#open.delete(writer);
    this.#names.delete(name);
    await writer.close().catch(() => {}); // Its bytes are not wanted any more.
    await unlink(path).catch((cause: unknown) => {
      throw ioError("removing", path, cause);
    });
  }

  /** Begins to make a file durable, and waits only when too many are under way. */
  async #finish(writer: FileWriter, note: string | undefined): Promise<void> {
    this.#open.delete(writer);
    const syncing = this.#sync(writer, note).then(() => void this.#syncing.delete(syncing));
    this.#syncing.add(syncing);
    if (this.#syncing.size >= maxSyncing) await Promise.race(this.#syncing);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Never rejects: the failure is kept for the next call of the owner. */
  async #sync(writer: FileWriter, note: string | undefined): Promise<void> {
    try {
      await writer.finish();
      if (note !== undefined) await this.#note(note);
    } catch (error) {
      this.#failure ??= error;
      await writer.close().catch(() => {}); // The first error says what is wrong.
    }
  }

  /**
   * The order is that of single files: all bytes synced, their names synced, a durable note of what will be published, the
   * new name by rename(2), which replaces nothing but an empty folder, and that name synced.
   */
  async commit(key: string): Promise<void> {
    if (!isSafeRelativePath(key)) throw new Error(`no safe key: ${JSON.stringify(key)}`);
    if (this.#open.size > 0) throw new Error("a file of the folder is not ended");
    await Promise.all(this.#syncing);
    if (this.#failure !== undefined) throw this.#failure;
    await this.#listing.close();
    const target = join(this.#root, key);
    try {
      await syncFolder(this.#path);
      await appendToJournal(this.#workFolder, await this.#journal(key));
      if (key.includes("/")) await ensureFolder(dirname(target));
      await rename(this.#path, target);
      await syncFolder(dirname(target));
    } catch (cause) {
      // The name may be that of a folder that is not empty, or of a file.
      throw publishingError(target, cause, "ENOTEMPTY", "ENOTDIR");
    }
  }

  /** Closes what is open; the work folder is removed with all that is left in it. */
  async abort(): Promise<void> {
    for (const writer of this.#open) await writer.close().catch(() => {}); // Its bytes are not wanted any more.
    this.#open.clear();
    await Promise.all(this.#syncing);
    await this.#listing.close().catch(() => {}); // Nobody is told any more.
  }

  async #journal(key: string): Promise<JournalEntry[]> {
    const entries = [journalEntry(key, "folder", await lstat(this.#path, { bigint: true }))];
    for (const name of this.#names) {
      entries.push(journalEntry(`${key}/${name}`, "part", await lstat(join(this.#path, name), { bigint: true })));
    }
    return entries;
  }
}

/** Makes a file durable that a program wrote, which is done with it. @returns its bytes */
async function syncedSize(name: string, path: string): Promise<number> {
  try {
    const handle = await openForReading(path);
    try {
      const stats = await handle.stat();
      if (!stats.isFile() || !isSafeComponent(name)) throw new Error("it is not a regular file of a safe name");
      await handle.sync();
      return stats.size;
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw ioError("taking over", path, cause);
  }
}
