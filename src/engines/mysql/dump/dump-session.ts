import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { quoteName } from "../quote.ts";
import { isForbidden } from "./snapshot/coordinates.ts";

/**
 * Makes a session read what a dump needs, whatever the server's settings: no limit on the time of a statement, every
 * name quoted, times in UTC (the only zone without hours that come twice), and text **as the column holds it**
 * (`character_set_results = NULL`). A conversion to UTF-8 would lose bytes: big5 and cp932 have characters that do not come
 * back, and every old server has columns with bytes that are none of their character set.
 * @param database to be in; undefined: none
 */
export async function setUpDumpSession(
  connection: MysqlConnection,
  { variables, capabilities }: MysqlServerFacts,
  database: string | undefined,
): Promise<void> {
  const settings: readonly (readonly [string, string])[] = [
    ["sql_mode", "''"],
    ["time_zone", "'+00:00'"],
    ["max_statement_time", "0"],
    ["max_execution_time", "0"],
    ["information_schema_stats_expiry", "0"],
    ["use_secondary_engine", "OFF"],
    // Literals of JSON are put together by it.
    ["group_concat_max_len", "1073741824"],
    // A value may hold others in 100 layers.
    ["cte_max_recursion_depth", "1000"],
    // Tables that the server gave a primary key are dumped with it, else rows would get other numbers.
    ["show_gipk_in_create_table_and_information_schema", "ON"],
  ];
  const known = settings.filter(([name]) => variables.has(name));
  await connection.query("SET NAMES utf8mb4");
  known.push(["character_set_results", "NULL"]);
  await connection.query(`SET ${known.map(([name, value]) => `SESSION ${name} = ${value}`).join(", ")}`);
  await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  if (capabilities.loggedSavepointsKeepDefinitions) await stopLogging(connection);
  if (database !== undefined) await connection.query(`USE ${quoteName(database)}`);
}

/**
 * Nothing is written, so nothing is to be logged; but where something could be, MariaDB holds every table that was read until
 * the end, and looks through all of them for each next one: 10,000 tables take three times as long. Without the right to it
 * (BINLOG ADMIN, SUPER) that is how it is.
 */
async function stopLogging(connection: MysqlConnection): Promise<void> {
  try {
    await connection.query("SET SESSION sql_log_bin = 0");
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
}
