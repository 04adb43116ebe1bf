import { constants } from "node:fs";
import { lstat, open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BackupError } from "../../core/backup-error.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import type { Transfer, TransferRequest, TransferredFile } from "../../ports/transfer.ts";
import { createFile, createFolder, ensureFolder, publishFile, syncFolder } from "./durable-file-system.ts";
import { FileWriter } from "./file-writer.ts";
import { hasCode, ioError, publishingError } from "./io-error.ts";
import { OpenedFile } from "./opened-file.ts";
import { expectOurs, NOTED_FILES, NOTED_FOLDER, type WorkFolder } from "./work-folder.ts";
import { appendToJournal, type JournalEntry, journalEntry } from "./work-journal.ts";
import { NOTES, WorkNotes } from "./work-notes.ts";

/** A backup on its way into a folder: its files grow in a work folder, which has a note and so outlives its process. */
export class LocalTransfer implements Transfer {
  readonly #root: string;
  readonly #work: WorkFolder;
  readonly #folder: string | undefined;
  readonly #open = new Set<FileWriter>();
  /** Where the files that ended lie in the work folder, by their keys. */
  readonly #ended = new Map<string, string>();

  private constructor(root: string, work: WorkFolder, folder: string | undefined) {
    this.#root = root;
    this.#work = work;
    this.#folder = folder;
  }

  /** @param work made by or given back to this process */
  static async begin(root: string, work: WorkFolder, { note, folder }: TransferRequest): Promise<LocalTransfer> {
    try {
      for (const name of [NOTED_FOLDER, NOTED_FILES]) await createUnlessThere(join(work.path, name));
      if (!(await isThere(join(work.path, NOTES)))) {
        const notes = await WorkNotes.create(work.path);
        await notes.add(note);
        await notes.close();
      }
      await syncFolder(work.path);
      return new LocalTransfer(root, work, folder);
    } catch (cause) {
      await work.remove().catch(() => {}); // The first error says what is wrong.
      throw ioError("preparing to write", work.path, cause);
    }
  }

  get location(): string {
    return this.#work.path;
  }

  async open(key: string): Promise<TransferredFile> {
    if (!isSafeRelativePath(key)) throw new Error(`no safe key: ${JSON.stringify(key)}`);
    if (await isThere(join(this.#root, key))) throw taken(join(this.#root, key));
    const path = this.#pathOf(key);
    try {
      const { handle, size } = await openToAppend(path);
      const writer = new FileWriter(handle, path, size);
      this.#open.add(writer);
      return {
        position: size,
        ...(size === 0 ? {} : { resumed: await OpenedFile.open(key, path) }),
        write: (bytes) => writer.write(bytes),
        end: async () => {
          await writer.finish();
          this.#open.delete(writer);
          this.#ended.set(key, path);
        },
      };
    } catch (cause) {
      throw ioError("creating a file", path, cause);
    }
  }

  async publish(): Promise<void> {
    if (this.#open.size > 0) throw new Error("a file of the transfer is not ended");
    await expectOurs(this.#work);
    try {
      for (const name of [NOTED_FOLDER, NOTED_FILES]) await syncFolder(join(this.#work.path, name));
      await appendToJournal(this.#work.path, await this.#journal());
      for (const [key, path] of this.#ended) if (!this.#isInFolder(key)) await this.#publishFile(path, key);
    } catch (cause) {
      throw ioError("writing", this.#root, cause);
    }
    if (this.#folder !== undefined) await this.#publishFolder(this.#folder);
  }

  async #publishFile(path: string, key: string): Promise<void> {
    const target = join(this.#root, key);
    try {
      if (key.includes("/")) await ensureFolder(dirname(target));
      await publishFile(path, target);
    } catch (cause) {
      throw publishingError(target, cause);
    }
  }

  /** By rename(2), which replaces nothing but an empty folder. */
  async #publishFolder(key: string): Promise<void> {
    const target = join(this.#root, key);
    try {
      if (key.includes("/")) await ensureFolder(dirname(target));
      await rename(join(this.#work.path, NOTED_FOLDER), target);
      await syncFolder(dirname(target));
    } catch (cause) {
      throw publishingError(target, cause, "ENOTEMPTY", "ENOTDIR");
    }
  }

  async #journal(): Promise<JournalEntry[]> {
    const entries: JournalEntry[] = [];
    if (this.#folder !== undefined) {
      const stats = await lstat(join(this.#work.path, NOTED_FOLDER), { bigint: true });
      entries.push(journalEntry(this.#folder, "folder", stats));
    }
    for (const [key, path] of this.#ended) entries.push(journalEntry(key, "part", await lstat(path, { bigint: true })));
    return entries;
  }

  async seal(key: string, bytes: Uint8Array): Promise<void> {
    await expectOurs(this.#work);
    const path = join(this.#work.path, "seal");
    const target = join(this.#root, key);
    try {
      // One of an interrupted run may be there, with other bytes perhaps.
      const handle = await open(
        path,
        constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
        0o600,
      );
      const writer = new FileWriter(handle, path);
      await writer.write(bytes);
      await writer.finish();
      await appendToJournal(this.#work.path, [journalEntry(key, "seal", await lstat(path, { bigint: true }))]);
      await publishFile(path, target);
    } catch (cause) {
      throw publishingError(target, cause);
    }
  }

  async discard(): Promise<void> {
    await this.#closeAll();
    await this.#work.remove({ withNotes: true });
  }

  async end(): Promise<void> {
    await this.#closeAll();
    try {
      await this.#work.remove();
    } catch (cause) {
      throw ioError("removing the work folder", this.#work.path, cause);
    }
  }

  async #closeAll(): Promise<void> {
    for (const writer of this.#open) await writer.close().catch(() => {}); // What came is there, and the next run sees how much.
    this.#open.clear();
  }

  #isInFolder(key: string): boolean {
    return this.#folder !== undefined && key.startsWith(`${this.#folder}/`);
  }

  #pathOf(key: string): string {
    const isInFolder = this.#isInFolder(key);
    const name = isInFolder ? key.slice(this.#folder!.length + 1) : key;
    if (name.includes("/"))
      throw new Error(`a file of a transfer lies in its folder or beside it: ${JSON.stringify(key)}`);
    return join(this.#work.path, isInFolder ? NOTED_FOLDER : NOTED_FILES, name);
  }
}

async function openToAppend(path: string) {
  try {
    return { handle: await createFile(path), size: 0 };
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  const handle = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    return { handle, size: (await handle.stat()).size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function createUnlessThere(path: string): Promise<void> {
  await createFolder(path).catch((error: unknown) => {
    if (!hasCode(error, "EEXIST")) throw error;
  });
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return false;
    throw ioError("looking at", path, error);
  }
}

function taken(object: string): BackupError {
  return new BackupError({
    code: "EXISTS",
    message: "there is something else of this name, and nothing is ever overwritten",
    object,
    hint: "see what it is; remove it or choose another repository",
  });
}
