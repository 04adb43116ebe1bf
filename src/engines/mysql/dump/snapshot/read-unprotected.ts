import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";
import { ofDatabase } from "../../objects/of-database.ts";
import { hasOwnRows } from "../table-rows.ts";

/** Engines whose tables a consistent snapshot holds. */
const inSnapshots = new Set(["INNODB", "ROCKSDB", "TOKUDB"]);

/** Whether a snapshot holds the rows of tables of this engine. */
export function isInSnapshots(engine: string | undefined): boolean {
  return inSnapshots.has((engine ?? "").toUpperCase());
}

/** Tables of a database whose rows no snapshot holds, by name. */
export async function readUnprotected(connection: MysqlConnection, database: string): Promise<string[]> {
  const rows = await connection.rows(
    `SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE ${ofDatabase("TABLE_SCHEMA", database)} AND ENGINE IS NOT NULL AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')`,
  );
  return rows
    .filter(({ ENGINE }) => hasOwnRows(ENGINE ?? undefined) && !isInSnapshots(ENGINE ?? undefined))
    .map(({ TABLE_NAME }) => TABLE_NAME!)
    .toSorted();
}
