import { BackupError } from "../../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";
import { noInterruptedRestore } from "../../../common/journal-errors.ts";
import { asAscii, type RestoreIdentity, type RestoreRecord, refuseOther } from "../../../common/restore-identity.ts";
import { ofDatabase } from "../../objects/of-database.ts";
import { quoteText } from "../../quote.ts";
import { SessionLocks } from "./session-locks.ts";

/** Table of the target that holds the journal, from the beginning of a resumable restore to its end. */
export const journalTable = "dbbackup_restore_journal";

/** Of what its rows say. */
const journalFormat = 1;

/** Something that is done: `drops`, `object 7` (its number in the index), `rows 00007.0001.tsv.gz`. */
export type Step = "drops" | `object ${number}` | `rows ${string}`;

/** The row that says whose journal it is; the sessions that a run has; all others are steps. */
const runRow = "run";
const sessionsRow = "sessions";

/** What the first row says. */
interface RunRecord extends RestoreRecord {
  readonly format: number;
  /** The target held nothing when the restore began. */
  readonly wasEmpty: boolean;
}

/**
 * What of a restore is done, in the target database itself: the note of a file of rows is committed together with them, so
 * that it is true whatever died, and whenever; that of an object follows it, since servers commit each definition by itself.
 */
export class RestoreJournal {
  /** The target held nothing when the restore began. */
  readonly wasEmpty: boolean;
  readonly #done: Set<string>;
  readonly #locks: SessionLocks;

  private constructor(wasEmpty: boolean, done: Set<string>, locks: SessionLocks) {
    this.wasEmpty = wasEmpty;
    this.#done = done;
    this.#locks = locks;
  }

  /**
   * Makes an empty one.
   * @param connection a session in the target
   * @throws BackupError PRECHECK when there is one already
   */
  static async begin(
    connection: MysqlConnection,
    database: string,
    identity: RestoreIdentity,
    sessions: number,
  ): Promise<RestoreJournal> {
    const locks = new SessionLocks(database);
    await locks.enterAlone(connection, 1);
    if (await hasJournal(connection, database)) {
      throw new BackupError({
        code: "PRECHECK",
        message: `the database has a table "${journalTable}" already`,
        hint: "go on with the restore that it belongs to (--resume), or drop the table",
      });
    }
    const wasEmpty = await isEmpty(connection, database);
    const { archive, plan, options } = identity;
    const run: RunRecord = { format: journalFormat, wasEmpty, archive, plan, options: JSON.stringify(options) };
    await connection.query(
      `CREATE TABLE ${journalTable} (step VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, value MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin) ENGINE=InnoDB COMMENT='a restore of dbbackup that has not finished; goes away when it has'`,
    );
    await connection.query(
      `INSERT INTO ${journalTable} VALUES ('${sessionsRow}', '${sessions}'), ('${runRow}', ${quoteText(asAscii(JSON.stringify(run)))})`,
    );
    return new RestoreJournal(wasEmpty, new Set(), locks);
  }

  /**
   * Takes up the one that is there, when nobody else works with it. The connection keeps others away while it lives.
   * @param sessions how many there will be, besides those that earlier runs had
   * @throws BackupError PRECHECK when there is none, or that of another restore, or when another run is still at work
   */
  static async resume(
    connection: MysqlConnection,
    database: string,
    identity: RestoreIdentity,
    sessions: number,
  ): Promise<RestoreJournal> {
    const locks = new SessionLocks(database);
    await requireJournal(connection, database);
    const value = async (step: string): Promise<string> => {
      const [row] = await connection.rows(`SELECT value FROM ${journalTable} WHERE step = '${step}'`);
      return row?.value ?? "";
    };
    const before = Number(await value(sessionsRow));
    if (!Number.isSafeInteger(before) || before < 1 || before > mostSessions) throw unreadable();
    await locks.enterAlone(connection, before);
    // What sessions of the interrupted run still committed must be seen, and be it the end of the journal.
    await requireJournal(connection, database);
    const run = readRun(await value(runRow));
    refuseOther(run, identity);
    if (sessions > before) {
      await connection.query(`UPDATE ${journalTable} SET value = '${sessions}' WHERE step = '${sessionsRow}'`);
    }
    const done = new Set<string>();
    await connection.eachRow(`SELECT step FROM ${journalTable}`, ({ step }) => done.add(step ?? ""));
    return new RestoreJournal(run.wasEmpty, done, locks);
  }

  /** Lets a session work beside the one that has the journal: other runs stay away until all have ended. */
  async enter(connection: MysqlConnection, number: number): Promise<void> {
    await this.#locks.enter(connection, number);
  }

  /** Whether an earlier run did it. */
  isDone(step: Step): boolean {
    return this.#done.has(step);
  }

  /** The statement that notes a step as done, in the transaction that does it. */
  noteDone(step: Step): string {
    return `INSERT INTO ${journalTable} VALUES (${quoteText(step)}, NULL)`;
  }

  /** Takes notes back for good: what they speak of is gone. */
  async takeBack(connection: MysqlConnection, steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (!this.#done.delete(step)) continue;
      await connection.query(`DELETE FROM ${journalTable} WHERE step = ${quoteText(step)}`);
    }
  }

  /** Removes it: nothing is left to do. */
  async end(connection: MysqlConnection): Promise<void> {
    await connection.query(`DROP TABLE ${journalTable}`);
  }
}

/** As many as somebody may ask for with --jobs, and more. */
const mostSessions = 10_000;

/** Whether something has the name of a journal. */
export async function hasJournal(connection: MysqlConnection, database: string): Promise<boolean> {
  const found = await connection.rows(
    `SELECT 1 FROM information_schema.TABLES WHERE ${ofDatabase("TABLE_SCHEMA", database)} AND TABLE_NAME = '${journalTable}'`,
  );
  return found.length > 0;
}

async function isEmpty(connection: MysqlConnection, database: string): Promise<boolean> {
  const places = [
    ["TABLES", "TABLE_SCHEMA"],
    ["ROUTINES", "ROUTINE_SCHEMA"],
    ["EVENTS", "EVENT_SCHEMA"],
  ] as const;
  for (const [table, column] of places) {
    const found = await connection.rows(
      `SELECT 1 FROM information_schema.${table} WHERE ${ofDatabase(column, database)} LIMIT 1`,
    );
    if (found.length > 0) return false;
  }
  return true;
}

/** A view of that name would run what somebody put into it with our rights; a trigger would see what we write. */
async function requireJournal(connection: MysqlConnection, database: string): Promise<void> {
  if (!(await hasJournal(connection, database))) throw noInterruptedRestore();
  const facts = (table: string, columns: string, schema: string, name: string) =>
    connection.rows(
      `SELECT ${columns} FROM information_schema.${table} WHERE ${ofDatabase(schema, database)} AND ${name} = '${journalTable}'`,
    );
  const [table] = await facts("TABLES", "TABLE_TYPE AS type, ENGINE AS engine", "TABLE_SCHEMA", "TABLE_NAME");
  const columns = await facts(
    "COLUMNS",
    "COLUMN_NAME AS name, COLUMN_TYPE AS type, EXTRA AS extra",
    "TABLE_SCHEMA",
    "TABLE_NAME",
  );
  const triggers = await facts("TRIGGERS", "1", "TRIGGER_SCHEMA", "EVENT_OBJECT_TABLE");
  const shown = columns
    .map(({ name, type, extra }) => `${name} ${type} ${extra}`)
    .toSorted()
    .join();
  const isOurs = table?.type === "BASE TABLE" && table.engine === "InnoDB" && triggers.length === 0;
  if (!isOurs || shown !== "step varchar(190) ,value mediumtext ") throw unreadable();
}

function readRun(json: string): RunRecord {
  try {
    const run = JSON.parse(json) as RunRecord;
    const { format, wasEmpty, archive, plan, options } = run;
    const texts = [archive, plan, options];
    if (format === journalFormat && typeof wasEmpty === "boolean" && texts.every((text) => typeof text === "string")) {
      return run;
    }
  } catch {
    // Told below.
  }
  throw unreadable();
}

function unreadable(): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: `table "${journalTable}" of the database is not the journal of a restore that this version of dbbackup knows`,
    hint: "go on with the version that began it, or restore anew into another database",
  });
}
