import { counted } from "../../../core/counted.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";

/** A warning when there are transactions that are prepared (XA): they may commit later, and are in no backup. */
export async function preparedTransactions(connection: MysqlConnection): Promise<string[]> {
  try {
    const { length } = await connection.rows("XA RECOVER");
    if (length === 0) return [];
    const are = length === 1 ? "is" : "are";
    return [`${counted(length, "transaction")} ${are} prepared (XA) and not committed: a backup does not hold them`];
  } catch (error) {
    // Without the right to ask (XA_RECOVER_ADMIN), nothing is known.
    if (error instanceof MysqlServerError && error.code === "SERVER") return [];
    throw error;
  }
}
