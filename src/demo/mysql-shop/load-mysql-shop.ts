import { BackupError } from "../../core/backup-error.ts";
import type { SqlSession } from "../../ports/sql-session.ts";
import type { SampleFacts } from "../demo-step.ts";
import { mysqlShopScript } from "./mysql-shop-script.ts";

/** Makes the shop in the empty database of `session`. */
export async function loadMysqlShop(session: SqlSession): Promise<void> {
  for (const sql of mysqlShopScript()) {
    try {
      await session.query(sql);
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== "SERVER") throw error;
      throw new BackupError({
        code: "SERVER",
        message: `the sample database could not be loaded: ${error.message}`,
        cause: error,
      });
    }
  }
}

/** Counts tables and their rows. */
export async function measureMysqlDatabase(session: SqlSession): Promise<SampleFacts> {
  const tables = await session.query(
    `SELECT TABLE_NAME, DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'`,
  );
  let rows = 0;
  for (const [name] of tables) {
    const counted = await session.query(`SELECT COUNT(*) FROM \`${name!.replaceAll("`", "``")}\``);
    rows += Number(counted[0]![0]);
  }
  return { tables: tables.length, rows, bytes: tables.reduce((sum, [, bytes]) => sum + Number(bytes), 0) };
}
