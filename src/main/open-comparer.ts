import type { EngineFamily } from "../core/database-type.ts";
import type { Comparer } from "../ports/comparison.ts";
import { createCodec } from "../stages/codec.ts";
import { version } from "./version.ts";

/** Joins engine and codec: rows that differ are read out of backups. */
export async function openComparer(family: EngineFamily = "postgres"): Promise<Comparer> {
  if (family === "mysql") return (await import("../engines/mysql/compare/mysql-comparer.ts")).mysqlComparer;
  const { createPostgresComparer } = await import("../engines/postgres/compare/postgres-comparer.ts");
  return createPostgresComparer(`dbbackup ${version}`, createCodec());
}
