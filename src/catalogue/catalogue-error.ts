import { BackupError } from "../core/backup-error.ts";

/** Primary result codes of SQLite: its page "Result and Error Codes". */
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

/** What went wrong with the catalogue, in words. Never holds values that were in it. */
export function catalogueError(cause: unknown, file: string): BackupError {
  if (cause instanceof BackupError) return cause;
  const isDamaged = isSqlite(cause) && [sqliteCorrupt, sqliteNotADatabase].includes(cause.errcode & 0xff);
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (isDamaged) return damagedCatalogue(file, reason, cause);
  return new BackupError({
    code: "IO",
    message: `the catalogue cannot be used: ${reason}`,
    object: file,
    hint: "make room or give rights there, or name another file with --catalogue (none for none)",
    cause,
  });
}

/** Its bytes are not what was written. */
export function damagedCatalogue(file: string, reason: string, cause?: unknown): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the catalogue cannot be used: ${reason}`,
    object: file,
    hint: 'run "dbbackup catalog rebuild", which puts it aside and makes a new one',
    ...(cause === undefined ? {} : { cause }),
  });
}

function isSqlite(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}
