import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { serverSql } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, dropDatabase, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let source: TestDatabase;
let folder: { readonly path: string } & AsyncDisposable;
beforeAll(async () => {
  source = await withDatabase(await sharedServer(18));
  await source.sql(`
    CREATE SCHEMA "odd ""name";
    CREATE TABLE "odd ""name"."t ab" WITH (autovacuum_enabled = off) AS SELECT i FROM generate_series(1, 50) i;
    CREATE TABLE parted (i int, t text) PARTITION BY RANGE (i);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000) WITH (autovacuum_enabled = off);
    INSERT INTO parted SELECT i, i FROM generate_series(1, 100) i;
    CREATE MATERIALIZED VIEW seen WITH (autovacuum_enabled = off) AS SELECT t FROM parted;
    CREATE FUNCTION sometimes(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
      BEGIN IF current_query() LIKE 'ANALYZE%' THEN RAISE 'no statistics of this'; END IF; RETURN $1; END $$;
    CREATE TABLE refusing WITH (autovacuum_enabled = off) AS SELECT 1 AS i;
    CREATE INDEX ON refusing (sometimes(i))`);
  folder = await withTemporaryFolder();
  for (const format of ["custom", "plain"]) {
    const output = [`--format=${format}`, `--output=${join(folder.path, format)}`];
    await mustDbbackup(["backup", "single", source.name, `--url=${source.url}`, ...output]);
  }
});
afterAll(async () => {
  await source?.drop();
  await folder?.[Symbol.asyncDispose]();
});

/** Relations of a database that the planner knows something of. */
async function analyzed(database: string): Promise<(string | null)[]> {
  const sql = `SELECT DISTINCT tablename AS name FROM pg_stats
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`;
  return (await serverSql(source.server, sql, database)).map(({ name }) => name!);
}

test("--analyze in a database that the restore creates: all of it, and what is refused is a warning", async () => {
  const name = `${source.name}_new`;
  const url = databaseUrl(source.server, "postgres");
  const args = [`--target=${name}`, "--create", `--url=${url}`, "--analyze", "--jobs=2"];
  const { stderr } = await mustDbbackup(["restore", "single", join(folder.path, "custom"), ...args]);
  try {
    expect(stderr.toString()).toMatch(/no statistics of public\.refusing: .*: no statistics of this/);
    expect(await analyzed(name)).toEqual(["parted", "parted_1", "seen", "t ab"]);
    const [catalogues] = await serverSql(
      source.server,
      "SELECT count(*) AS n FROM pg_statistic WHERE starelid = 'pg_class'::regclass",
      name,
    );
    expect(Number(catalogues!.n)).toBeGreaterThan(0);
  } finally {
    await dropDatabase(source.server, name);
  }
});

test("--analyze in a database that was there: what was restored, and nothing else", async () => {
  await using target = await withDatabase(source.server);
  await target.sql("CREATE TABLE theirs WITH (autovacuum_enabled = off) AS SELECT 1 AS i");
  const args = [`--target=${target.name}`, `--url=${target.url}`, "--confirm"];
  await mustDbbackup(["restore", "single", join(folder.path, "custom"), ...args]);
  expect(await analyzed(target.name)).toEqual([]);
  await target.sql("DROP TABLE parted CASCADE");
  const some = ["--analyze", "--table=parted", "--table=parted_1"];
  await mustDbbackup(["restore", "single", join(folder.path, "custom"), ...args, ...some]);
  expect(await analyzed(target.name)).toEqual(["parted", "parted_1"]);
});

test("--analyze after a script: the whole database", async () => {
  await using target = await withDatabase(source.server);
  const args = [`--target=${target.name}`, `--url=${target.url}`, "--analyze"];
  await mustDbbackup(["restore", "single", join(folder.path, "plain"), ...args]);
  expect(await analyzed(target.name)).toEqual(["parted", "parted_1", "seen", "t ab"]);
});

test("--analyze with --file is refused: a script is written, nothing restored", async () => {
  const { status, stderr } = await dbbackup([
    "restore",
    "single",
    join(folder.path, "custom"),
    "--file=-",
    "--analyze",
  ]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/--analyze/);
});
