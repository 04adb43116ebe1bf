import type { EngineFamily } from "../core/database-type.ts";
import type { ClusterReader } from "../ports/cluster.ts";
import { version } from "./version.ts";

/** What reads servers with all their databases. */
export async function openClusterReader(family: EngineFamily = "postgres"): Promise<ClusterReader> {
  if (family === "postgres")
    return (await import("../engines/postgres/cluster/cluster-reader.ts")).postgresClusterReader;
  const { createMysqlDumper } = await import("../engines/mysql/mysql-dumper.ts");
  const { createMysqlClusterReader } = await import("../engines/mysql/cluster/cluster-reader.ts");
  const dumperVersion = `dbbackup ${version}`;
  return createMysqlClusterReader({ dumper: createMysqlDumper({ dumperVersion }), dumperVersion });
}
