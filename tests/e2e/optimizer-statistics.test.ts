import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { dumpToMemory } from "../helpers/dump-to-memory.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** Tables without foreign partitions: those of the zoo have a wrapper that cannot be asked. */
const ANALYZE = `DO $$ DECLARE one regclass; BEGIN
  FOR one IN SELECT c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p', 'm') AND c.oid >= 16384 AND c.relispopulated
    AND c.relnamespace <> 'pg_toast'::regnamespace
    AND NOT EXISTS (SELECT 1 FROM pg_inherits i JOIN pg_foreign_table f ON f.ftrelid = i.inhrelid WHERE i.inhparent = c.oid)
  LOOP EXECUTE format('ANALYZE %s', one); END LOOP; END $$`;

/** Statistics of every kind that pg_stats shows. */
const EVERY_KIND = `
  CREATE SCHEMA "S \\ ""1""";
  CREATE TABLE "S \\ ""1"""."t'1" (id int PRIMARY KEY, "c'1" text, few text, list int[], during int4range, nothing int);
  INSERT INTO "S \\ ""1"""."t'1"
    SELECT i, E'it''s \\\\ "' || i, 'v' || i % 3, ARRAY[i, i % 7, 1], int4range(i, i + i % 5), NULL FROM generate_series(1, 900) i;
  CREATE INDEX expressions ON "S \\ ""1"""."t'1" (id, lower(few), (id % 10));
  CREATE TABLE parent (a int, b text); CREATE TABLE child (c int) INHERITS (parent);
  INSERT INTO parent SELECT i, 'p' FROM generate_series(1, 50) i;
  INSERT INTO child SELECT i, 'c', i % 2 FROM generate_series(1, 60) i;
  CREATE TABLE parted (k int, v text) PARTITION BY RANGE (k);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (50);
  CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (50) TO (200);
  CREATE INDEX ON parted (k, (v || '!'));
  INSERT INTO parted SELECT i, 'x' || i % 4 FROM generate_series(0, 150) i;
  CREATE MATERIALIZED VIEW filled AS SELECT few, count(*) AS n FROM "S \\ ""1"""."t'1" GROUP BY few;
  CREATE UNIQUE INDEX ON filled (few);
  CREATE MATERIALIZED VIEW empty AS SELECT 1 AS one WITH NO DATA;
  CREATE TABLE never_analyzed (a int);
  ${ANALYZE};
  DROP TABLE never_analyzed; CREATE TABLE never_analyzed (a int)`;

test.each([10, 18] as const)("statistics of PostgreSQL %i are written as stock pg_dump 18 does", async (major) => {
  const server = await sharedServer(major);
  await using zoo = await loadZoo(server);
  await zoo.sql(ANALYZE);
  const { bytes, result } = await dumpToMemory(server, zoo.name, { format: "plain", statistics: true });
  const theirs = await stock(18).must("pg_dump", ["--statistics", zoo.url], {
    // Ours is hexadecimal whatever the database says.
    env: { PGOPTIONS: "-c bytea_output=hex" },
  });
  const [our, their] = [bytes, theirs.stdout].map((script) => entriesOf(script.toString("latin1")));
  expect(our!.map(({ head }) => head)).toEqual(their!.map(({ head }) => head));
  const [ourCalls, theirCalls] = [our!, their!].map((entries) => entries.filter(isStatistics));
  expect(ourCalls).toEqual(theirCalls);
  expect(ourCalls!.filter(({ text }) => text.includes("pg_restore_attribute_stats(")).length).toBeGreaterThan(50);
  expect(result.notIncluded.map(({ kind }) => kind)).not.toContain("planner-statistics");
  expect(result.warnings.some((warning) => warning.includes("statistics"))).toBe(major < 18);
});

describe("statistics come back", () => {
  let server: PostgresServer;
  let source: TestDatabase;
  let folder: { readonly path: string } & AsyncDisposable;
  let expected: string;

  beforeAll(async () => {
    // Autovacuum, and CREATE INDEX where it is on, would count anew.
    server = await startServer({ major: 18, settings: { autovacuum: "off" } });
    source = await withDatabase(server);
    folder = await withTemporaryFolder();
    await source.sql(EVERY_KIND);
    expected = await statisticsOf(source);
    for (const column of ["most_common_elems", "range_bounds_histogram", "attnum", "inherited', 't'"]) {
      expect(expected).toContain(`'${column}`);
    }
  });
  afterAll(async () => {
    await server?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  async function expectBack(fill: (target: TestDatabase) => Promise<unknown>): Promise<void> {
    await using target = await withDatabase(server);
    await fill(target);
    expect(await statisticsOf(target)).toBe(expected);
  }

  /** Made once for all tests. */
  async function backup(format: string): Promise<string> {
    const file = join(folder.path, `ours-${format}`);
    if (existsSync(file)) return file;
    const how = ["--format", format, "--statistics", "--output", file];
    await mustDbbackup(["backup", "single", source.name, "--url", source.url, ...how]);
    return file;
  }

  test.each(["custom", "directory", "tar", "plain"])("by us, in format %s", async (format) => {
    const file = await backup(format);
    await expectBack((target) => restore(file, target));
  });

  // In one job: with several, stock pg_restore may truncate a table after it restored its statistics, from archives of
  // stock pg_dump too.
  test.each(["custom", "directory", "tar"])("by stock pg_restore, in format %s", async (format) => {
    const file = await backup(format);
    await expectBack((target) => stock(18).must("pg_restore", ["-e", "-d", target.url, file]));
    const list = async (more: string[]) => (await stock(18).must("pg_restore", ["--list", ...more, file])).stdout;
    expect(`${await list([])}`).toContain("STATISTICS DATA");
    expect(`${await list(["--no-statistics"])}`).not.toContain("STATISTICS DATA");
  });

  test("by us, from an archive and a script of stock pg_dump", async () => {
    for (const format of ["custom", "plain"]) {
      const file = join(folder.path, `stock-${format}`);
      await stock(18).must("pg_dump", [`--format=${format}`, "--statistics", `--file=${file}`, source.url]);
      await expectBack((target) => restore(file, target));
    }
  });

  test("unless they are not wanted, or only a part is", async () => {
    const file = await backup("custom");
    for (const [flags, found] of [
      [["--no-statistics"], 0],
      [["--schema-only"], 0],
      [["--table", "parent"], 1],
    ] as const) {
      const { stdout } = await mustDbbackup(["restore", "single", file, ...flags, "--list"]);
      expect(stdout.toString().split("STATISTICS DATA").length - 1).toBe(found);
    }
  });

  test("not on a server that cannot take them, which is said", async () => {
    const old = await sharedServer(15);
    await using target = await withDatabase(old);
    await target.sql("CREATE TABLE t AS SELECT i FROM generate_series(1, 100) i; ANALYZE t");
    const archive = join(folder.path, "old.dump");
    await mustDbbackup(["backup", "single", target.name, "--url", target.url, "--statistics", "--output", archive]);
    const script = join(folder.path, "old.sql");
    await stock(18).must("pg_dump", ["--statistics", `--file=${script}`, target.url]);
    for (const file of [archive, script]) {
      await using copy = await withDatabase(old);
      const { stderr } = await restore(file, copy);
      expect(stderr).toContain("takes no optimizer statistics: those of the backup are left out");
      expect(await copy.sql("SELECT count(*) AS n FROM t")).toEqual([{ n: "100" }]);
    }
    await expect(restore(script, target, ["--no-statistics"])).rejects.toThrow("runs as it is");
  });
});

interface ScriptEntry {
  /** Name, type and schema, as the comment above an entry says them. */
  readonly head: string;
  readonly text: string;
}

/** The entries of a plain script, in its order. */
function entriesOf(script: string): ScriptEntry[] {
  return script
    .split(/^--\n-- (?=(?:Data for |Statistics for )?Name: )/m)
    .slice(1)
    .map((text) => ({ head: text.slice(0, text.indexOf("\n")), text }));
}

function isStatistics({ head }: ScriptEntry): boolean {
  return head.startsWith("Statistics for ");
}

function restore(file: string, target: TestDatabase, flags: readonly string[] = []) {
  return mustDbbackup(["restore", "single", file, "--target", target.name, "--url", target.url, ...flags]);
}

async function statisticsOf(database: TestDatabase): Promise<string> {
  const { stdout } = await stock(18).must("pg_dump", ["--statistics-only", "--restrict-key=s", database.url]);
  return stdout.toString();
}
