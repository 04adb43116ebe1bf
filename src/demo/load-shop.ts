import { BackupError } from "../core/backup-error.ts";
import type { SqlSession } from "../ports/sql-session.ts";
import type { SampleFacts } from "./demo-step.ts";
import { shopScript } from "./shop/shop-script.ts";

/** Makes the shop in the empty database of `session`, whose user must be superuser. */
export async function loadShop(session: SqlSession): Promise<void> {
  for (const { name, sql } of shopScript(Math.floor(session.serverVersion.number / 10_000))) {
    try {
      await session.query(sql);
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== "SERVER") throw error;
      throw new BackupError({
        code: "SERVER",
        message: `the sample database could not be loaded, at "${name}": ${error.message}`,
        cause: error,
      });
    }
  }
  await session.query("analyze");
}

const userTables = `
  select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relispopulated`;

/** Counts tables (partitions and filled materialized views included) and their rows. */
export async function measureDatabase(session: SqlSession): Promise<SampleFacts> {
  const tables = (await session.query(userTables)).map(([name]) => name!);
  const counts = tables.map((table) => `(select count(*) from only ${table})`);
  const rows = await session.query(`select ${counts.join(" + ") || "0"}, pg_database_size(current_database())`);
  return { tables: tables.length, rows: Number(rows[0]![0]), bytes: Number(rows[0]![1]) };
}
