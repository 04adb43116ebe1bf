import { shownCheckRows, type UserCheck } from "../../../ports/restore-proof.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { rowValues } from "../../../wire/mysql/exchanges/result-set.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";

/** Longer values are cut. */
const longestValue = 80;

/** Runs a user's query that should give no row, in a transaction that may not write, and keeps a few rows of its answer. */
export async function runCheck(connection: MysqlConnection, sql: string): Promise<UserCheck> {
  await connection.query("SET NAMES utf8mb4");
  await connection.query("START TRANSACTION READ ONLY");
  const rows: string[] = [];
  let columns = 0;
  let hasMore = false;
  try {
    await connection.stream(sql.trim().replace(/;$/, ""), {
      begin(found) {
        columns = found.length;
      },
      row(packet) {
        hasMore = rows.length === shownCheckRows;
        if (!hasMore) rows.push(`(${rowValues(packet, columns).map(shownValue).join(", ")})`);
        return undefined;
      },
    });
    return { rows, hasMore };
  } catch (error) {
    if (!(error instanceof MysqlServerError) || error.code !== "SERVER") throw error;
    return { rows: [], hasMore: false, error: error.fault.message };
  }
}

function shownValue(value: Buffer | null): string {
  if (value === null) return "null";
  const text = value.toString();
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}...`;
}
