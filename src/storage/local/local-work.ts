import { lstat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import type { Spool } from "../../ports/spool.ts";
import type { PendingFolder, PendingObject, StoredObject, Work } from "../../ports/storage.ts";
import { createFile, createFolder, ensureFolder, publishFile } from "./durable-file-system.ts";
import { FileWriter } from "./file-writer.ts";
import { hasCode, ioError, publishingError } from "./io-error.ts";
import { LocalPendingFolder } from "./local-pending-folder.ts";
import { LocalSpool } from "./local-spool.ts";
import type { WorkFolder } from "./work-folder.ts";
import { appendToJournal, journalEntry } from "./work-journal.ts";

/** One run's work in a folder. */
export class LocalWork implements Work {
  readonly id: string;
  readonly #root: string;
  readonly #folder: WorkFolder;
  readonly #pending = new Set<{ abort(): Promise<void> }>();
  #created = 0;

  constructor(root: string, folder: WorkFolder) {
    this.id = folder.id;
    this.#root = root;
    this.#folder = folder;
  }

  async create(): Promise<PendingObject> {
    const path = join(this.#folder.path, String(++this.#created));
    try {
      const file = new LocalPendingObject(
        this.#root,
        this.#folder.path,
        path,
        new FileWriter(await createFile(path), path),
      );
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
    const folder = new LocalPendingFolder(this.#root, this.#folder.path, path);
    this.#pending.add(folder);
    return folder;
  }

  async openSpool(): Promise<Spool> {
    const spool = new LocalSpool(join(this.#folder.path, `spool-${++this.#created}`), false);
    this.#pending.add({ abort: () => spool.close() });
    return spool;
  }

  async end(): Promise<void> {
    for (const file of this.#pending) await file.abort();
    this.#pending.clear();
    try {
      await this.#folder.remove();
    } catch (cause) {
      throw ioError("removing the work folder", this.#folder.path, cause);
    }
  }
}

class LocalPendingObject implements PendingObject {
  readonly #root: string;
  readonly #workFolder: string;
  readonly #path: string;
  readonly #writer: FileWriter;
  #isFinished = false;
  #isOver = false;

  constructor(root: string, workFolder: string, path: string, writer: FileWriter) {
    this.#root = root;
    this.#workFolder = workFolder;
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
    try {
      const stats = await lstat(this.#path, { bigint: true });
      await appendToJournal(this.#workFolder, [journalEntry(key, role, stats)]);
      if (key.includes("/")) await ensureFolder(dirname(target));
      await publishFile(this.#path, target);
      this.#isOver = true;
      const { size, mtime } = await lstat(target);
      return { key, size, modified: mtime };
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
