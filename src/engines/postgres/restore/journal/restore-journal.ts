import { setTimeout as sleep } from "node:timers/promises";
import { BackupError } from "../../../../core/backup-error.ts";
import type { PgConnection } from "../../../../wire/postgres/connection.ts";
import { noInterruptedRestore } from "../../../common/journal-errors.ts";
import { asAscii, type RestoreIdentity, type RestoreRecord, refuseOther } from "../../../common/restore-identity.ts";
import { quoteLiteral } from "../../sql/quote.ts";

/** Schema of the target that holds the journal, from the beginning of a resumable restore to its end. */
export const journalSchema = "dbbackup_restore_journal";

/** Of the tables' columns. */
const journalFormat = 1;

/** Advisory lock of the sessions of a resumable restore, in the target database: "dbba", "rest". */
const lockKeys = "1684169313, 1919251316";

/** Sessions of a killed run end when the server notices that nobody listens: at once, or after the statement that they run. */
const lockWaitMs = 3000;
const lockPauseMs = 100;

/**
 * What of a restore is done, in the target database itself: the note of an entry is committed together with the entry, so
 * that it is true whatever died, and whenever.
 */
export class RestoreJournal {
  /** Dump ids of entries that earlier runs restored; negative: of those that they dropped. */
  readonly #done: ReadonlySet<number>;
  /** Tables whose rows came over several sessions, of which not all may have committed. By the dump id of the rows. */
  readonly #shared: Set<number>;
  #isOver = false;

  private constructor(done: ReadonlySet<number>, shared: Set<number>) {
    this.#done = done;
    this.#shared = shared;
  }

  /** Makes an empty one. @throws BackupError PRECHECK when there is one already */
  static async begin(connection: PgConnection, identity: RestoreIdentity): Promise<RestoreJournal> {
    await lockAlone(connection);
    if ((await ownerOfJournal(connection)) !== undefined) {
      throw new BackupError({
        code: "PRECHECK",
        message: `the database has a schema "${journalSchema}" already`,
        hint: "go on with the restore that it belongs to (--resume), or drop the schema",
      });
    }
    const { archive, plan, options } = identity;
    const values = [archive, plan, JSON.stringify(options)].map((text) => quoteLiteral(asAscii(text)));
    await connection.query(`CREATE SCHEMA ${journalSchema};
      COMMENT ON SCHEMA ${journalSchema} IS 'a restore of dbbackup that has not finished; goes away when it has';
      CREATE TABLE ${journalSchema}.run (format integer NOT NULL, archive text NOT NULL, plan text NOT NULL, options text NOT NULL);
      CREATE TABLE ${journalSchema}.done (entry integer PRIMARY KEY);
      CREATE TABLE ${journalSchema}.shared (entry integer PRIMARY KEY);
      CREATE UNLOGGED TABLE ${journalSchema}.uncrashed (since timestamp with time zone NOT NULL);
      INSERT INTO ${journalSchema}.run VALUES (${journalFormat}, ${values.join(", ")});
      ${noteUncrashed}`);
    return new RestoreJournal(new Set(), new Set());
  }

  /**
   * Takes up the one that is there, when nobody else works with it. The connection keeps others away while it lives.
   * @throws BackupError PRECHECK when there is none, or that of another restore, or when another run is still at work
   */
  static async resume(connection: PgConnection, identity: RestoreIdentity): Promise<RestoreJournal> {
    // What sessions of the interrupted run still commit must be seen, and be it the end of the journal.
    await lockAlone(connection);
    const owner = await ownerOfJournal(connection);
    if (owner === undefined) throw noInterruptedRestore();
    refuseForeign(owner);
    const { rows } = await connection.query(`SELECT format, archive, plan, options FROM ${journalSchema}.run`);
    const [format, archive, plan, options] = rows[0] ?? [];
    if (rows.length !== 1 || Number(format) !== journalFormat) throw unreadable();
    refuseOther({ archive, plan, options } as RestoreRecord, identity);
    return new RestoreJournal(await entriesOf(connection, "done"), await entriesOf(connection, "shared"));
  }

  /** Lets a session work beside the one that has the journal: other runs stay away until all have ended. */
  async enter(connection: PgConnection): Promise<void> {
    await connection.query(`SELECT pg_catalog.pg_advisory_lock_shared(${lockKeys})`);
  }

  /** Lets others {@link enter}; for the session that began or resumed it. */
  async open(connection: PgConnection): Promise<void> {
    await this.enter(connection);
    await connection.query(`SELECT pg_catalog.pg_advisory_unlock(${lockKeys})`);
  }

  isDone(dumpId: number): boolean {
    return this.#done.has(dumpId);
  }

  isDropped(dumpId: number): boolean {
    return this.#done.has(-dumpId);
  }

  /** Whether the table may hold rows of a load that not all sessions have committed. */
  mayHoldRows(dumpId: number): boolean {
    return this.#shared.has(dumpId);
  }

  /** How many entries earlier runs restored. */
  get doneBefore(): number {
    let count = 0;
    for (const entry of this.#done) if (entry > 0) count += 1;
    return count;
  }

  /** Nothing is left to note: the journal is gone. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The statement that notes an entry as restored. Empty when the journal is gone, in the same transaction. */
  noteDone(dumpId: number): string {
    return this.#isOver ? "" : `INSERT INTO ${journalSchema}.done VALUES (${dumpId});`;
  }

  noteDropped(dumpId: number): string {
    return this.noteDone(-dumpId);
  }

  /** To be committed before the rows of an entry come over several sessions. */
  noteShared(dumpId: number): string {
    this.#shared.add(dumpId);
    return `INSERT INTO ${journalSchema}.shared VALUES (${dumpId}) ON CONFLICT DO NOTHING`;
  }

  /** Whether the server has crashed since the restore began: then tables that are not logged lost their rows. */
  async hasCrashed(connection: PgConnection): Promise<boolean> {
    const { rows } = await connection.query(`SELECT count(*) FROM ${journalSchema}.uncrashed`);
    return rows[0]?.[0] === "0";
  }

  /** Without the notes of these entries. */
  without(dumpIds: readonly number[]): RestoreJournal {
    const without = new Set(dumpIds);
    const left = (noted: ReadonlySet<number>) => new Set([...noted].filter((id) => !without.has(id)));
    return new RestoreJournal(left(this.#done), left(this.#shared));
  }

  /** Takes notes back for good: what these entries restored is gone after a crash. */
  async takeBack(connection: PgConnection, dumpIds: readonly number[]): Promise<void> {
    const list = dumpIds.length === 0 ? "NULL" : dumpIds.join(", ");
    await connection.query(`DELETE FROM ${journalSchema}.done WHERE entry IN (${list});
      DELETE FROM ${journalSchema}.shared WHERE entry IN (${list});
      ${noteUncrashed}`);
  }

  /** Removes it, in a transaction of the caller's that also does what is left to do. */
  async end(connection: PgConnection): Promise<void> {
    const tables = ["run", "done", "shared", "uncrashed"].map((table) => `${journalSchema}.${table}`);
    await connection.query(`DROP TABLE ${tables.join(", ")}; DROP SCHEMA ${journalSchema}`);
    this.#isOver = true;
  }
}

/** A row that no crash leaves there. */
const noteUncrashed = `INSERT INTO ${journalSchema}.uncrashed VALUES (pg_catalog.now())`;

interface JournalOwner {
  readonly name: string;
  readonly isUs: boolean;
  /** The schema holds the tables of a journal, all of the same owner. */
  readonly isJournal: boolean;
}

async function ownerOfJournal(connection: PgConnection): Promise<JournalOwner | undefined> {
  const { rows } = await connection.query(
    `SELECT pg_catalog.pg_get_userbyid(n.nspowner), pg_catalog.pg_get_userbyid(n.nspowner) = current_user,
       (SELECT count(*) = 4 FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relowner = n.nspowner
         AND c.relkind = 'r' AND c.relname IN ('run', 'done', 'shared', 'uncrashed'))
     FROM pg_catalog.pg_namespace n WHERE n.nspname = '${journalSchema}'`,
  );
  const [row] = rows;
  return row === undefined ? undefined : { name: row[0]!, isUs: row[1] === "t", isJournal: row[2] === "t" };
}

/** What somebody else has put there may run with our rights. */
function refuseForeign({ name, isUs, isJournal }: JournalOwner): void {
  if (!isJournal) throw unreadable();
  if (isUs) return;
  throw new BackupError({
    code: "PRECHECK",
    message: `the restore was begun by role "${name}"`,
    hint: "go on as that role: log in as it, or name it with --role",
  });
}

function unreadable(): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: `schema "${journalSchema}" of the database is not the journal of a restore that this version of dbbackup knows`,
    hint: "go on with the version that began it, or restore anew into another database",
  });
}

/** @throws BackupError PRECHECK when sessions of another run do not end */
async function lockAlone(connection: PgConnection): Promise<void> {
  for (let waited = 0; ; waited += lockPauseMs) {
    const { rows } = await connection.query(`SELECT pg_catalog.pg_try_advisory_lock(${lockKeys})`);
    if (rows[0]?.[0] === "t") return;
    if (waited >= lockWaitMs) throw await stillAtWork(connection);
    await sleep(lockPauseMs);
  }
}

async function stillAtWork(connection: PgConnection): Promise<BackupError> {
  const [classId, objectId] = lockKeys.split(", ");
  const { rows } = await connection.query(
    `SELECT DISTINCT l.pid FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.granted
       AND l.classid = ${classId} AND l.objid = ${objectId} AND l.pid <> pg_catalog.pg_backend_pid()
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
  );
  const pids = rows.map(([pid]) => pid).join(", ");
  return new BackupError({
    code: "PRECHECK",
    message: `another restore is still at work in the database (server processes ${pids})`,
    hint: "wait until it has ended; or, when its client is gone for good, end them with pg_terminate_backend",
    retry: "maybe",
  });
}

async function entriesOf(connection: PgConnection, table: "done" | "shared"): Promise<Set<number>> {
  const entries = new Set<number>();
  await connection.queryEach(`SELECT entry FROM ${journalSchema}.${table}`, ([entry]) => {
    entries.add(Number(entry));
  });
  return entries;
}
