import { shownCheckRows, type UserCheck } from "../../../ports/restore-proof.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { ServerError } from "../../../wire/postgres/server-error.ts";

/** Longer values are cut. */
const longestValue = 80;

/**
 * Runs a user's query that should give no row, in a transaction that may not write, and reads a few rows of its answer.
 * The connection is one that speaks Unicode, with the settings of the database.
 */
export async function runCheck(connection: PgConnection, sql: string): Promise<UserCheck> {
  await connection.query("BEGIN READ ONLY");
  try {
    // As a cursor it is read no further than it is shown. A line feed ends a comment at its end.
    await connection.query(`DECLARE dbbackup_check NO SCROLL CURSOR FOR ${sql.trim().replace(/;$/, "")}\n`);
    const { rows } = await connection.query(`FETCH ${shownCheckRows + 1} FROM dbbackup_check`);
    return {
      rows: rows.slice(0, shownCheckRows).map((row) => `(${row.map(shownValue).join(", ")})`),
      hasMore: rows.length > shownCheckRows,
    };
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== "SERVER") throw error;
    return { rows: [], hasMore: false, error: error.notice.message };
  } finally {
    await connection.query("ROLLBACK").catch(() => {}); // A lost connection was told already.
  }
}

function shownValue(value: string | null): string {
  if (value === null) return "null";
  return value.length <= longestValue ? value : `${value.slice(0, longestValue)}...`;
}
