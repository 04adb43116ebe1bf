import { BackupError } from "../../../core/backup-error.ts";
import type { RowTotals } from "../../../core/row-totals.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { Outcome } from "../../../wire/mysql/exchanges/result-set.ts";
import type { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import type { DirectoryColumn } from "../directory/directory-index.ts";
import { RefusedRows } from "../restore/failure-log.ts";
import { insertDefaults, insertRows } from "./insert-rows.ts";
import { loadStatement } from "./load-statement.ts";
import { hintForRows, refuseWarnings } from "./refuse-warnings.ts";

/** How a session takes rows. */
export interface LoadingSession {
  readonly connection: MysqlConnection;
  /** The server takes LOAD DATA LOCAL. */
  readonly loadsFiles: boolean;
  /** The server's `max_allowed_packet`. */
  readonly maxPacket: number;
  /** Of this session alone. */
  readonly scanner: RowScanner;
  /** Tells what does not end the restore. */
  readonly warn: (message: string) => void;
}

/** Lines for one table, as docs/FORMAT.md describes them. */
export interface StoredLines {
  readonly table: string;
  readonly columns: readonly DirectoryColumn[];
  /** Columns whose fields are expressions of SQL. */
  readonly literals?: readonly string[] | undefined;
  /** See `InsertOptions`. */
  readonly typedJsonAsText?: boolean | undefined;
  /** The table has the definition that it had when the lines were written. */
  readonly isAsWritten: boolean;
  /** Plain bytes, in pieces cut anywhere; each is valid until the next one is asked for. */
  readonly lines: AsyncIterable<Uint8Array>;
  readonly expected: RowTotals;
  /** Where they come from, for messages. */
  readonly file: string;
  readonly onBytes: (count: number) => void;
}

/** Of a file that is sent; less where the server takes less. */
const filePacketBytes = 256 * 1024;

/**
 * Loads lines into a table: all of them as they are, or an error. They are counted and hashed while they are sent, and the
 * session ends before a statement is complete whose rows are not those that were written. The server's warnings and its
 * count of rows are looked at: LOAD DATA LOCAL only warns of values that it changes, and of rows that it leaves out.
 * @throws BackupError DAMAGED, SERVER; the connection's errors
 */
export async function loadRows(session: LoadingSession, stored: StoredLines): Promise<void> {
  const { connection, maxPacket } = session;
  const { table, columns, literals = [], typedJsonAsText, expected } = stored;
  let rows = 0;
  const onRan = async (outcome: Outcome): Promise<void> => {
    rows += outcome.affectedRows;
    if (outcome.warnings > 0) await refuseWarnings(session, stored, outcome.warnings);
  };
  const lines = checkedLines(session.scanner, stored);
  if (session.loadsFiles && literals.length === 0) {
    const statement = (file: string): string => loadStatement(table, columns, file);
    await onRan(await connection.loadLocal(statement, lines, Math.min(filePacketBytes, Math.floor(maxPacket / 2))));
  } else if (columns.length === 0) {
    for await (const _ of lines);
    await insertDefaults(expected.rows, { connection, table, maxPacket, onRan });
  } else {
    await insertRows(lines, { connection, table, columns, literals, typedJsonAsText, maxPacket, onRan });
  }
  if (rows === expected.rows) return;
  throw new RefusedRows({
    code: "SERVER",
    message: `the server took ${rows} of the ${expected.rows} rows for table "${table}" (${stored.file})`,
    object: table,
    hint: hintForRows,
  });
}

/** Fails before the end when the lines are not those that were written: the server then undoes what it took of them. */
async function* checkedLines(
  scanner: RowScanner,
  { lines, expected, file, table, onBytes }: StoredLines,
): AsyncGenerator<Uint8Array> {
  scanner.reset();
  for await (const piece of lines) {
    const { rest } = scanner.push(piece);
    if (rest !== undefined) throw notAsWritten(file, table, "it holds a line that no dump writes");
    yield piece;
    onBytes(piece.length);
  }
  const found = scanner.finish();
  if (found.rows !== expected.rows) {
    throw notAsWritten(file, table, `it has ${found.rows} rows instead of ${expected.rows}`);
  }
  if (found.checksum !== expected.checksum) {
    throw notAsWritten(file, table, `its rows have the checksum ${found.checksum} instead of ${expected.checksum}`);
  }
}

function notAsWritten(file: string, table: string, what: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `${file}, rows of table "${table}", is not what was written: ${what}`,
    object: file,
    hint: "restore from another copy of the backup",
  });
}
