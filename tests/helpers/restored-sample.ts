import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DumpRequest } from "../../src/ports/dump.ts";
import type { SampleChoice, SamplePlan } from "../../src/ports/sample.ts";
import { dumpToMemory } from "./dump-to-memory.ts";
import { serverSql } from "./postgres-server.ts";
import { stockFor } from "./stock-tools.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";
import { databaseUrl, quoteIdentifier, type TestDatabase, withDatabase } from "./test-database.ts";

export interface RestoredSample {
  readonly plan: SamplePlan;
  /** Row checksums as the dump recorded them, by table. */
  readonly checksums: Readonly<Record<string, string>>;
  /** Rows of each table in the restored database. */
  readonly rows: Readonly<Record<string, number>>;
}

/**
 * Samples a database through the engine, restores it with the stock pg_restore, to which any error is one, and looks at
 * what came.
 */
export async function restoredSample(
  source: TestDatabase,
  sample: SampleChoice,
  options: Partial<DumpRequest> = {},
): Promise<RestoredSample> {
  const { bytes, result } = await dumpToMemory(source.server, source.name, { sample, ...options });
  await using folder = await withTemporaryFolder();
  const path = join(folder.path, "sample.dump");
  await writeFile(path, bytes);
  await using target = await withDatabase(source.server);
  const to = ["--exit-on-error", `--dbname=${databaseUrl(source.server, target.name)}`];
  await stockFor(source.server.major).must("pg_restore", [...to, path]);
  return {
    plan: result.sample!,
    checksums: Object.fromEntries(
      (result.tables ?? []).map(({ schema, name, checksum }) => [`${schema}.${name}`, checksum]),
    ),
    rows: await rowsOf(target, result.sample!),
  };
}

async function rowsOf(target: TestDatabase, { tables }: SamplePlan): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { schema, name } of tables) {
    const table = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
    const [row] = await serverSql(target.server, `SELECT count(*) AS rows FROM ONLY ${table}`, target.name);
    counts[`${schema}.${name}`] = Number(row!.rows);
  }
  return counts;
}

/** Rows of the zoo's partitions by the hash of an enum, whose labels have other OIDs in a restored database: summed up. */
export function joinedByEnum(rows: Readonly<Record<string, number>>): Record<string, number> {
  const joined: Record<string, number> = {};
  for (const [table, count] of Object.entries(rows)) {
    const name = table.replace(/(hash_enum)_\d$/, "$1");
    joined[name] = (joined[name] ?? 0) + count;
  }
  return joined;
}

/** Rows of each table that a plan announces. */
export function plannedRows({ tables }: SamplePlan): Record<string, number> {
  return Object.fromEntries(
    tables.map(({ schema, name, chosen, referenced }) => [`${schema}.${name}`, chosen + referenced]),
  );
}
