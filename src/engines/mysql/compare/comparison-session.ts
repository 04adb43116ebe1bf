import { BackupError } from "../../../core/backup-error.ts";
import type { ComparedSide } from "../../../ports/comparison.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlConnectionSpec } from "../../../wire/mysql/connection-spec.ts";
import { identifyMysql, type MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { shownText } from "../../../wire/net/shown-text.ts";
import { quoteText } from "../quote.ts";

/** Everything that decides how values are written, and whatever could end the session early; those that the server has. */
const settings: Readonly<Record<string, string>> = {
  sql_mode: "''",
  time_zone: "'+00:00'",
  max_statement_time: "0",
  max_execution_time: "0",
  // Sizes and the next AUTO_INCREMENT as they are, not as they were a day ago.
  information_schema_stats_expiry: "0",
  show_gipk_in_create_table_and_information_schema: "1",
};

/** One side of a comparison: a session that sees one state of all InnoDB tables. */
export interface ComparisonSession {
  readonly connection: MysqlConnection;
  readonly facts: MysqlServerFacts;
  /** Its name as the server keeps it, which may be another than the one that was asked for: in small letters. */
  readonly database: string;
}

export async function openComparisonSession(
  spec: MysqlConnectionSpec,
  signal: AbortSignal,
): Promise<ComparisonSession> {
  const { database } = spec;
  if (database === undefined) throw noDatabase();
  const connection = await openMysqlSession(spec, { signal });
  try {
    const facts = await identifyMysql(connection);
    const wanted = Object.entries(settings).filter(([name]) => facts.variables.has(name));
    await connection.query("SET NAMES utf8mb4");
    await connection.query(`SET ${wanted.map(([name, value]) => `SESSION ${name} = ${value}`).join(", ")}`);
    const kept = await nameAsKept(connection, database);
    await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT");
    return { connection, facts, database: kept };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/**
 * What differs in capitals alone is the database that is meant, where the server ignores them.
 * @throws BackupError NOT_FOUND
 */
export async function nameAsKept(connection: MysqlConnection, database: string): Promise<string> {
  const rows = await connection.rows(
    `SELECT SCHEMA_NAME AS kept FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(database)}`,
  );
  const names = rows.map(({ kept }) => kept!);
  if (names.includes(database)) return database;
  const [setting] = await connection.rows("SELECT @@lower_case_table_names AS setting");
  if (names.length > 0 && setting?.setting !== "0") return names[0]!;
  throw new BackupError({
    code: "NOT_FOUND",
    message: `there is no database "${shownText(database)}" that this user may see`,
    object: database,
    hint: "look at the name, in capitals and small letters, and at the rights of the user",
  });
}

export function describeSide({ database, facts }: ComparisonSession): ComparedSide {
  return { kind: "database", databaseType: facts.flavour, database, serverVersion: facts.versionText };
}

/** SQL: a name of the information schema is this database's. It may also match others in letters of another size. */
export function isDatabase(column: string, { database }: ComparisonSession): string {
  return `${column} = ${quoteText(database)}`;
}

/** The URL of a database to compare names none. */
export function noDatabase(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "the URL names no database to compare",
    hint: "put it behind the host: mysql://user@host/database",
  });
}
