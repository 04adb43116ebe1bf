import { hasCode } from "./io-error.ts";

/** A lock on a file, held until released or until the process dies, however it dies. */
export interface LivenessLock {
  release(): void;
}

/** SQLite's result code for "somebody else holds the lock". */
const SQLITE_BUSY = 5;

/**
 * Whether somebody else holds the lock of a file. Takes nothing, and makes no file where there is none.
 * @returns undefined when the file system has no locks or the file is gone
 */
export async function isLocked(path: string): Promise<boolean | undefined> {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  try {
    const database = new DatabaseSync(path, { timeout: 0, readOnly: true });
    try {
      database.prepare("SELECT COUNT(*) FROM sqlite_master").get();
      return false;
    } finally {
      database.close();
    }
  } catch (error) {
    if (!hasCode(error, "ERR_SQLITE_ERROR")) throw error;
    return isBusy(error) ? true : undefined;
  }
}

/**
 * Tries to lock an existing file exclusively. Node offers no file locks of its own, SQLite does, on every system: its
 * exclusive transaction is a kernel lock that dies with the process. A process id in a file proves nothing: it is reused,
 * and means another process in another container.
 *
 * The file must not be opened in any other way by this process: closing it would drop the lock (POSIX).
 *
 * @returns `busy` when somebody holds it, `unsupported` when the file system has no locks or the file is gone.
 */
export async function tryLock(path: string): Promise<LivenessLock | "busy" | "unsupported"> {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  try {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      // Without a journal on disk: the lock is all that is wanted.
      database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    } catch (error) {
      database.close();
      throw error;
    }
    return { release: () => database.close() };
  } catch (error) {
    if (hasCode(error, "ERR_SQLITE_ERROR")) {
      return isBusy(error) ? "busy" : "unsupported";
    }
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return "errcode" in (error as object) && (error as { errcode: number }).errcode === SQLITE_BUSY;
}
