import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BackupError } from "../core/backup-error.ts";
import { catalogueError } from "./catalogue-error.ts";
import { migrations } from "./migrations.ts";

/** How long a process waits for another one that writes. Nobody writes for longer than a few milliseconds. */
const BUSY_TIMEOUT_MS = 5000;
/** Pages that one process keeps in memory, in KiB. */
const CACHE_KIB = 2048;
/** Write permission of group and others. */
const writableByOthers = 0o022;
const stickyBit = 0o1000;

/** Where the catalogue is, when nobody says. */
export function usualPlace({
  XDG_STATE_HOME: given = "",
  HOME: home = homedir(),
}: Readonly<Record<string, string | undefined>>): string {
  // As the specification of these folders says: a relative one counts for none.
  return join(isAbsolute(given) ? given : join(home, ".local", "state"), "dbbackup", "catalogue.sqlite");
}

/**
 * Opens the database, makes it if it is not there, and brings it up to this version.
 * @throws BackupError IO, DAMAGED, UNSUPPORTED_FORMAT for one of a later version, CONFIG for one that others may write
 */
export function openDatabase(path: string): DatabaseSync {
  const file = resolve(path);
  makeFile(file);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    // Beside this file none of its structure is trusted: no extensions, no functions out of a schema.
    database.exec(
      `pragma trusted_schema = off; pragma cache_size = -${CACHE_KIB}; pragma journal_mode = wal; pragma synchronous = normal`,
    );
    migrate(database, file);
    return database;
  } catch (error) {
    database?.close();
    throw catalogueError(error, file);
  }
}

/** The file must be ours before SQLite writes into it: its own files get the same mode. */
function makeFile(file: string): void {
  try {
    makeFolder(dirname(file));
    const folder = statSync(dirname(file));
    refuseForeign(dirname(file), folder.uid, (folder.mode & stickyBit) === 0 ? folder.mode : 0);
    closeSync(openSync(file, "a", 0o600));
    const { uid, mode } = statSync(file);
    refuseForeign(file, uid, mode);
    if ((mode & 0o077) !== 0) chmodSync(file, 0o600);
  } catch (error) {
    throw catalogueError(error, file);
  }
}

/** One after the other: where a file system refuses them with ENOENT, as /proc does, `recursive` tries again for ever. */
function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let path = folder; !existsSync(path) && path !== dirname(path); path = dirname(path)) missing.unshift(path);
  for (const path of missing) {
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      // Another process was first.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function refuseForeign(path: string, owner: number, mode: number): void {
  const me = process.getuid?.();
  if (me === undefined) return;
  const why =
    owner !== me && owner !== 0
      ? "it belongs to another user"
      : (mode & writableByOthers) === 0
        ? undefined
        : "others may write it";
  if (why === undefined) return;
  throw new BackupError({
    code: "CONFIG",
    message: `the catalogue cannot be used: ${why}`,
    object: path,
    hint: "own it and run chmod go-w, or name another file with --catalogue",
  });
}

function migrate(database: DatabaseSync, file: string): void {
  if (versionOf(database) === migrations.length) return;
  database.exec("begin immediate");
  try {
    // Another process may have done it meanwhile.
    const version = versionOf(database);
    if (version > migrations.length) throw tooNew(version, file);
    for (const [index, step] of migrations.entries()) if (index >= version) database.exec(step);
    database.exec(`pragma user_version = ${migrations.length}`);
    database.exec("commit");
  } catch (error) {
    if (database.isTransaction) database.exec("rollback");
    throw error;
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("pragma user_version").get()?.["user_version"] ?? 0);
}

function tooNew(version: number, file: string): BackupError {
  return new BackupError({
    code: "UNSUPPORTED_FORMAT",
    message: `the catalogue is of version ${version}, which is newer than this program`,
    object: file,
    hint: "use a newer dbbackup, or another file with --catalogue",
  });
}
