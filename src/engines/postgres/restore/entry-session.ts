import { BackupError } from "../../../core/backup-error.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { EntryScript } from "../archive/entry-script.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { entryName } from "./archive-plan.ts";
import type { ArchiveRun } from "./run-archive.ts";

/** Statements that met in a deadlock are tried again: of those who met, one has gone on. */
const maxDeadlocks = 5;
const deadlockDetected = "40P01";
/** Among others: a materialized view that has not been populated is read. */
const objectNotInPrerequisiteState = "55000";

/** A statement failed because of what others will have done soon. */
export class TooEarly extends Error {}

/** A session that restores entries: what it has set, its transaction, and how it says that something went wrong. */
export class EntrySession {
  readonly connection: PgConnection;
  readonly script: EntryScript;
  /** A transaction around several entries is open. */
  isInTransaction = false;
  readonly #run: ArchiveRun;

  constructor(run: ArchiveRun, connection: PgConnection) {
    this.#run = run;
    this.connection = connection;
    this.script = new EntryScript({
      noOwner: run.request.noOwner,
      noTablespaces: run.request.noTablespaces === true,
      isLoggedIn: true,
      useSessionAuthorization: run.request.useSessionAuthorization === true,
      ...(run.superuser === undefined ? {} : { superuser: run.superuser }),
      searchPath: run.reader.settings.searchPath,
      entry: (dumpId) => run.reader.entry(dumpId),
      tableAccessMethods: connection.serverVersion >= 120_000 && run.request.noTableAccessMethod !== true,
    });
  }

  /**
   * Answers whether it succeeded.
   * @throws TooEarly only when `mayBeTooEarly`
   */
  async query(entry: TocEntry, sql: string, mayBeTooEarly = false): Promise<boolean> {
    if (sql === "") return true;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.connection.query(sql.trimEnd());
        return true;
      } catch (error) {
        if (attempt < maxDeadlocks && this.isDeadlock(error)) continue;
        const isTooEarly = error instanceof BackupError && error.sqlState === objectNotInPrerequisiteState;
        if (mayBeTooEarly && isTooEarly && !this.isInTransaction) throw new TooEarly();
        this.#run.failures.note(error, { object: this.describe(entry), sql });
        return false;
      }
    }
  }

  isDeadlock(error: unknown): boolean {
    return error instanceof BackupError && error.sqlState === deadlockDetected && !this.isInTransaction;
  }

  describe(entry: TocEntry): string {
    return `${entry.desc} "${entryName(entry, this.#run.decode)}"`;
  }

  /** With a journal: the statement that notes the entry as done. */
  note(entry: TocEntry): string {
    return this.#run.journal?.noteDone(entry.dumpId) ?? "";
  }

  /** With a journal: what `work` does is committed together with the note of it. */
  async noted<T>(entry: TocEntry, work: () => Promise<T>): Promise<T> {
    if (this.#run.journal === undefined) return await work();
    const isOurs = !this.isInTransaction;
    if (isOurs) await this.connection.query("BEGIN");
    this.isInTransaction = true;
    try {
      const done = await work();
      await this.connection.query(isOurs ? `${this.note(entry)} COMMIT` : this.note(entry));
      return done;
    } catch (error) {
      if (isOurs) await this.connection.query("ROLLBACK").catch(() => undefined);
      throw error;
    } finally {
      if (isOurs) this.isInTransaction = false;
    }
  }
}
