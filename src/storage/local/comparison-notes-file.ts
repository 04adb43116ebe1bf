import { stat, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { BackupError } from "../../core/backup-error.ts";
import type { ComparisonNotes } from "../../ports/comparison-notes.ts";
import { createFile, syncFolder } from "./durable-file-system.ts";
import { hasCode, ioError } from "./io-error.ts";

/** `dbbC`, in the header of the file: of no other program. */
const applicationId = 0x64626243;
/** Each commit waits for the disk: notes of small tables are written together. */
const commitMilliseconds = 1000;
/** SQLite's result codes: somebody else holds the lock; not a database. */
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/** Notes of a comparison in a file of SQLite: durable, whole after kill -9, and locked by the kernel as long as we live. */
export async function openComparisonNotes(path: string, how: "new" | "resume"): Promise<ComparisonNotes> {
  const full = resolve(path);
  await (how === "new" ? create(full) : mustExist(full));
  const { DatabaseSync: Database } = await import("node:sqlite");
  let database: DatabaseSync | undefined;
  try {
    database = new Database(full, { timeout: 0 });
    // In exclusive mode the lock of the first change is kept.
    database.exec("pragma locking_mode = exclusive; pragma synchronous = full; begin exclusive");
    prepare(database, how, full);
    database.exec("commit");
    return new NotesFile(database, full);
  } catch (error) {
    database?.close();
    throw explained(error, full);
  }
}

function prepare(database: DatabaseSync, how: "new" | "resume", path: string): void {
  if (how === "new") {
    database.exec(
      `pragma application_id = ${applicationId}; create table note (key text primary key, value text) strict`,
    );
  } else if (database.prepare("pragma application_id").get()?.application_id !== applicationId) {
    throw foreign(path);
  }
  // Takes the lock for good.
  database.exec("pragma user_version = 1");
}

async function create(path: string): Promise<void> {
  try {
    await (await createFile(path)).close();
    await syncFolder(dirname(path));
  } catch (cause) {
    if (!hasCode(cause, "EEXIST")) throw ioError("creating", path, cause);
    throw new BackupError({
      code: "EXISTS",
      message: "there are notes of a comparison already",
      object: path,
      hint: "go on with it (the same command with --resume), or remove the file",
    });
  }
}

async function mustExist(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (cause) {
    throw ioError("reading the notes of a comparison", path, cause);
  }
}

function explained(error: unknown, path: string): unknown {
  if (!hasCode(error, "ERR_SQLITE_ERROR")) return error;
  const code = (error as { errcode?: number }).errcode;
  if (code === SQLITE_NOTADB) return foreign(path);
  if (code !== SQLITE_BUSY) return ioError("reading the notes of a comparison", path, error);
  return new BackupError({
    code: "EXISTS",
    message: "another comparison is at work with these notes",
    object: path,
    hint: "wait for its end, or name another file with --state-file",
    retry: "maybe",
  });
}

function foreign(path: string): BackupError {
  return new BackupError({
    code: "FOREIGN_FILE",
    message: "the file holds no notes of a comparison",
    object: path,
    hint: "name the file that was given with --state-file before, or another one without --resume",
  });
}

class NotesFile implements ComparisonNotes {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #waiting = new Map<string, string>();
  #lastCommit = performance.now();
  #isOpen = true;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  get(key: string): string | undefined {
    const value =
      this.#waiting.get(key) ?? this.#database.prepare("select value from note where key = ?").get(key)?.value;
    return value === undefined || value === null ? undefined : String(value);
  }

  set(key: string, value: string): void {
    this.#waiting.set(key, value);
    if (performance.now() - this.#lastCommit >= commitMilliseconds) this.#commit();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      this.#commit();
    } finally {
      this.#database.close();
    }
  }

  async remove(): Promise<void> {
    this.close();
    await unlink(this.#path);
  }

  #commit(): void {
    try {
      this.#database.exec("begin");
      const insert = this.#database.prepare("insert or replace into note values (?, ?)");
      for (const [key, value] of this.#waiting) insert.run(key, value);
      this.#database.exec("commit");
    } catch (error) {
      throw ioError("writing", this.#path, error);
    }
    this.#waiting.clear();
    this.#lastCommit = performance.now();
  }
}
