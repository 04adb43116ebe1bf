import { ofDatabase } from "../objects/of-database.ts";
import type { MysqlSource } from "./with-source.ts";

export interface WantedSessions {
  readonly wanted: number;
  /** A table that is larger on the server's disk may be read by several sessions. */
  readonly partBytes: number;
}

/**
 * How many sessions have something to do: no more than there are tables, and parts of large ones. By the same estimates by
 * which tables are cut; they are asked for only where tables are few.
 */
export async function sessionsWithWork(
  { control, facts }: Pick<MysqlSource, "control" | "facts">,
  database: string,
  { wanted, partBytes }: WantedSessions,
): Promise<number> {
  if (wanted <= 1) return wanted;
  const inDatabase = ofDatabase("TABLE_SCHEMA", database);
  const names = await control.rows(
    `SELECT TABLE_NAME FROM information_schema.TABLES WHERE ${inDatabase} LIMIT ${wanted}`,
  );
  if (names.length >= wanted) return wanted;
  // MySQL 8 keeps estimates of a day ago, else.
  if (facts.variables.has("information_schema_stats_expiry")) {
    await control.query("SET SESSION information_schema_stats_expiry = 0");
  }
  const sizes = await control.rows(
    `SELECT DATA_LENGTH AS bytes FROM information_schema.TABLES WHERE ${inDatabase} AND ENGINE IS NOT NULL`,
  );
  const parts = sizes.reduce((sum, { bytes }) => sum + Math.max(1, Math.ceil(Number(bytes ?? 0) / partBytes)), 0);
  return Math.min(wanted, Math.max(1, parts));
}
