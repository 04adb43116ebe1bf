import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { quoteName } from "../quote.ts";
import { ofDatabase } from "./of-database.ts";
import type { Relation } from "./read-relations.ts";

/** The columns of a system-versioned table that say from when to when a version of a row was the current one. */
export interface RowHistory {
  readonly start: string;
  readonly end: string;
}

/**
 * Which columns hold the times of row versions, by table; those that nobody declared are listed nowhere, and have names
 * of their own.
 * @throws BackupError UNSUPPORTED_SERVER where old versions cannot be loaded, UNSUPPORTED_OBJECT for tables whose versions
 * are bound to transactions
 */
export async function readRowHistories(
  connection: MysqlConnection,
  database: string,
  tables: readonly Relation[],
  { capabilities, versionText }: MysqlServerFacts,
): Promise<ReadonlyMap<string, RowHistory>> {
  if (!capabilities.insertsHistory) {
    throw new BackupError({
      code: "UNSUPPORTED_SERVER",
      message: `old versions of rows cannot be loaded into ${versionText}: it has no system_versioning_insert_history`,
      hint: "leave out --dump-history, or move to MariaDB 10.11",
    });
  }
  const versioned = tables.filter(({ isVersioned }) => isVersioned);
  if (versioned.length === 0) return new Map();
  const declared = await connection.rows(
    `SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, GENERATION_EXPRESSION FROM information_schema.COLUMNS WHERE ${ofDatabase("TABLE_SCHEMA", database)} AND GENERATION_EXPRESSION IN ('ROW START', 'ROW END')`,
  );
  const histories = new Map<string, RowHistory>();
  for (const { name } of versioned) {
    const columns = declared.filter(({ TABLE_NAME }) => TABLE_NAME === name);
    if (columns.some(({ DATA_TYPE }) => DATA_TYPE?.toLowerCase() === "bigint")) throw boundToTransactions(name);
    const declaredAs = (what: string): string | undefined =>
      columns.find(({ GENERATION_EXPRESSION }) => GENERATION_EXPRESSION === what)?.COLUMN_NAME ?? undefined;
    histories.set(name, { start: declaredAs("ROW START") ?? "row_start", end: declaredAs("ROW END") ?? "row_end" });
  }
  return histories;
}

/** The end of time differs between servers: with timestamps of 32 and 64 bits. In UTC. */
export const endOfTime = "COALESCE(FROM_UNIXTIME(4294967295.999999), TIMESTAMP'2038-01-19 03:14:07.999999')";

/** Before the rows of a table with their history: the server takes the times from the script. */
export const historyBegins = `SET @dbb_end_of_time = ${endOfTime}, @dbb_insert_history = @@system_versioning_insert_history, SESSION system_versioning_insert_history = 1;\n`;

/** Behind them. */
export const historyEnds = "SET SESSION system_versioning_insert_history = @dbb_insert_history;\n";

/** The end of a version, as a literal; that of the current one is whatever the server takes for the end of time. */
export function endLiteral({ end }: RowHistory): string {
  const name = quoteName(end);
  return `IF(${name} = ${endOfTime}, '@dbb_end_of_time', CONCAT(CHAR(39), ${name}, CHAR(39)))`;
}

/** The same for lines: nothing stands for the end of time. */
export function endOrNull({ end }: RowHistory): string {
  const name = quoteName(end);
  return `IF(${name} = ${endOfTime}, NULL, ${name})`;
}

function boundToTransactions(name: string): BackupError {
  return new BackupError({
    code: "UNSUPPORTED_OBJECT",
    message: `the history of table "${name}" is bound to numbers of transactions, which no other server has: it cannot be loaded`,
    object: name,
    hint: `leave out --dump-history, or the rows of this table (--ignore-table-data ${name})`,
  });
}
