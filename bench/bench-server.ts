import { type PostgresServer, startServer } from "../tests/helpers/postgres-server.ts";
import type { DataSet } from "./data-sets.ts";

/** A server of this machine's size: the data stays in memory, so that dumps are measured and not the disk's reading. */
export function startBenchServer(): Promise<PostgresServer> {
  return startServer({
    major: 18,
    settings: {
      shared_buffers: "1GB",
      maintenance_work_mem: "256MB",
      work_mem: "64MB",
      max_wal_size: "8GB",
      wal_level: "minimal",
      max_wal_senders: "0",
      autovacuum: "off",
      jit: "off",
      // A dump locks every table.
      max_locks_per_transaction: "1024",
    },
  });
}

/** Makes the database of a data set, named like it, with rows of about `megabytes` MB as COPY text. */
export async function makeDatabase(server: PostgresServer, set: DataSet, megabytes: number): Promise<void> {
  const rows = Math.ceil((megabytes * 1e6) / set.bytesPerRow);
  await server.sql(`create database "${set.name}"`);
  await server.sql(set.sql(rows), set.name);
  await server.sql("vacuum (freeze, analyze)", set.name);
  await server.sql("checkpoint", set.name);
}
