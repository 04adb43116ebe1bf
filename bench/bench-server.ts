import { type PostgresServer, startServer } from "../tests/helpers/postgres-server.ts";
import type { StockMajor } from "../tests/helpers/stock-tools.ts";
import type { BenchOptions } from "./options.ts";
import type { Sizes, Workload } from "./workloads.ts";

/** A dump locks every table, all in one transaction; more tables than this want a larger table of locks. */
const CONNECTIONS = 20;

/** A server of this machine's size: the data stays in memory, so that dumps are measured and not the disk's reading. */
export function startBenchServer(
  major: StockMajor,
  { sizes: { tables }, walLevel }: Pick<BenchOptions, "sizes" | "walLevel">,
): Promise<PostgresServer> {
  return startServer({
    major,
    onDisk: true,
    settings: {
      shared_buffers: "1GB",
      maintenance_work_mem: "256MB",
      work_mem: "64MB",
      max_wal_size: "8GB",
      wal_level: walLevel,
      // Which wal_level = minimal asks for.
      max_wal_senders: "0",
      autovacuum: "off",
      jit: "off",
      max_connections: `${CONNECTIONS}`,
      max_locks_per_transaction: `${Math.max(1024, Math.ceil((tables * 5) / CONNECTIONS))}`,
    },
  });
}

/** Makes the database of a workload. */
export async function makeDatabase(server: PostgresServer, workload: Workload, sizes: Sizes): Promise<void> {
  await server.sql(`create database "${workload.name}"`);
  await workload.make((text) => server.sql(text, workload.name), sizes);
  await server.sql("vacuum (freeze, analyze)", workload.name);
  await server.sql("checkpoint", workload.name);
}
