import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ArchiveFileReader } from "../../src/engines/postgres/archive/archive-file-reader.ts";
import { codec } from "../helpers/codec.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { connectTo, dumpToMemory, type MemoryDump } from "../helpers/dump-to-memory.ts";
import { memoryObject } from "../helpers/memory-object.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { quoteIdentifier, type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { withRoles } from "../helpers/test-roles.ts";

/** Tables that are easily read wrongly in parts. */
const odd = `
  CREATE TABLE plain AS SELECT i, md5(i::text) AS hash FROM generate_series(1, 60000) i;
  CREATE TABLE wide (id int, value text, dropped int, doubled int GENERATED ALWAYS AS (id * 2) STORED);
  ALTER TABLE wide ALTER value SET STORAGE EXTERNAL;
  INSERT INTO wide (id, value) SELECT i, CASE WHEN i % 40 = 0 THEN repeat(md5(i::text), 40000) ELSE 'small' END
    FROM generate_series(1, 400) i;
  ALTER TABLE wide DROP COLUMN dropped;
  CREATE TABLE parent (id int, note text);
  CREATE TABLE child (more text) INHERITS (parent);
  INSERT INTO parent SELECT i, 'parent' FROM generate_series(1, 3000) i;
  INSERT INTO child SELECT i, 'child', repeat('c', i % 100) FROM generate_series(1, 3000) i;
  CREATE TABLE holes AS SELECT i, repeat('h', 200) AS filler FROM generate_series(1, 20000) i;
  DELETE FROM holes WHERE i % 1000 > 3;
  UPDATE holes SET filler = 'moved' WHERE i % 2 = 0;
  CREATE TABLE emptied AS SELECT i FROM generate_series(1, 20000) i;
  DELETE FROM emptied;
  CREATE TABLE parted (id int, note text) PARTITION BY RANGE (id);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10000);
  CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10000) TO (20000);
  INSERT INTO parted SELECT i, 'note ' || i FROM generate_series(1, 19999) i;
  CREATE TABLE nothing ();
  INSERT INTO nothing SELECT FROM generate_series(1, 3000);
  SELECT lo_from_bytea(0, decode(repeat(md5(i::text), i * 100), 'hex')) FROM generate_series(1, 20) i;
  CREATE TABLE zz_last AS SELECT i, repeat('z', i % 50) AS z FROM generate_series(1, 30000) i;`;

let database: TestDatabase;
beforeAll(async () => {
  database = await withDatabase(await sharedServer(18));
  await database.sql(odd);
});
afterAll(() => database?.drop());

/** Hashes of the data of each table and large object, in the order of the archive. */
async function dataOf({ bytes }: MemoryDump): Promise<string[]> {
  const reader = await ArchiveFileReader.openObject(memoryObject(bytes), { codec });
  const found: string[] = [];
  for await (const block of reader.dataBlocks()) {
    const hash = createHash("sha256");
    if (block.kind === "table-data") for await (const piece of block.chunks()) hash.update(piece);
    else {
      for await (const object of block.objects()) {
        hash.update(`${object.oid}:`);
        for await (const piece of object.chunks()) hash.update(piece);
      }
    }
    found.push(`${block.kind} ${hash.digest("hex")}`);
  }
  return found;
}

test("parts of tables, read by several connections, are the same bytes in the same order as whole tables", async () => {
  const { server, name } = database;
  const whole = await dumpToMemory(server, name);
  const expected = await dataOf(whole);
  expect(expected.length).toBeGreaterThan(10);
  for (const [jobs, splitLargerThan] of [
    [2, 8192],
    [4, 8192],
    [3, 100_000],
    [7, 1_000_000],
  ] as const) {
    const parts = await dumpToMemory(server, name, { jobs, splitLargerThan });
    expect(await dataOf(parts), `${jobs} jobs`).toEqual(expected);
    expect(parts.result.tables).toEqual(whole.result.tables);
    expect(parts.result.largeObjects).toEqual(whole.result.largeObjects);
    expect(parts.events.filter((event) => event.event === "warning")).toEqual([]);
  }
});

test.each([10, 13] as const)("a server of %i, which cannot read parts, is read by one connection", async (major) => {
  await using old = await withDatabase(await sharedServer(major));
  await old.sql("CREATE TABLE t AS SELECT i, md5(i::text) AS h FROM generate_series(1, 20000) i");
  const whole = await dumpToMemory(old.server, old.name);
  const parts = await dumpToMemory(old.server, old.name, { jobs: 4, splitLargerThan: 8192 });
  expect(await dataOf(parts)).toEqual(await dataOf(whole));
  expect(parts.result.tables?.[0]?.rows).toBe(20_000);
});

test("folders and scripts of parts restore to the same rows", async () => {
  await using folder = await withTemporaryFolder();
  for (const format of ["directory", "plain"]) {
    const output = join(folder.path, format);
    const how = [`--format=${format}`, "--jobs=3", "--split-larger-than=65536", `--output=${output}`];
    await mustDbbackup(["backup", "single", database.name, `--url=${database.url}`, ...how]);
    await mustDbbackup(["verify", output]);
    await using target = await withDatabase(database.server);
    await mustDbbackup(["restore", "single", output, `--target=${target.name}`, `--url=${target.url}`]);
    await mustDbbackup(["compare", database.url, target.url]);
  }
});

test("a role that may open one connection only backs up with it, and is told", async () => {
  await using roles = await withRoles(database.server, ["parallel_dump_one"]);
  await database.sql(
    "ALTER ROLE parallel_dump_one LOGIN CONNECTION LIMIT 1; GRANT pg_read_all_data TO parallel_dump_one",
  );
  await using folder = await withTemporaryFolder();
  await using plain = await withDatabase(database.server);
  await plain.sql("CREATE TABLE plain AS SELECT i, md5(i::text) AS hash FROM generate_series(1, 60000) i");
  const url = plain.url.replace("postgres@", `${roles.quoted[0]!.replaceAll('"', "")}@`);
  const how = [`--url=${url}`, "--jobs=4", "--split-larger-than=65536", `--output=${join(folder.path, "b.dump")}`];
  const { status, stderr } = await dbbackup(["backup", "single", plain.name, ...how]);
  expect(stderr).toMatch(/warning: copying with 1 of 4 connections: .*too many connections/);
  expect(status).toBe(0);
});

test("behind somebody who waits for a stronger lock, the connection that has its locks copies alone", async () => {
  await using copy = await withDatabase(database.server, undefined, quoteIdentifier(database.name));
  await using folder = await withTemporaryFolder();
  await using proxy = await TcpProxy.start({ targetPort: copy.server.port, delayMs: 10 });
  await using waiter = await connectTo(copy.server, copy.name);
  const output = join(folder.path, "b.dump");
  const url = copy.url.replace(`:${copy.server.port}/`, `:${proxy.port}/`);
  const how = [`--url=${url}`, "--jobs=2", "--split-larger-than=8192", `--output=${output}`];
  const running = dbbackup(["backup", "single", copy.name, ...how]);
  const locked =
    "SELECT count(*) > 0 AS yes FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE relname = 'zz_last'";
  await expect.poll(() => copy.sql(locked), { interval: 2 }).toEqual([{ yes: "t" }]);
  const altered = waiter.query("ALTER TABLE zz_last ADD COLUMN added int");
  proxy.hurry();
  const { status, stderr } = await running;
  await altered;
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: expect.stringMatching(/warning: copying with 1 of 2 connections: .*could not obtain lock .*zz_last/),
  });
  await mustDbbackup(["verify", output]);
});

test("a helper's connection that is cut ends the backup with 1 and leaves nothing", async () => {
  await using folder = await withTemporaryFolder();
  await using proxy = await TcpProxy.start({ targetPort: database.server.port, delayMs: 10 });
  const repo = join(folder.path, "repo");
  const url = database.url.replace(`:${database.server.port}/`, `:${proxy.port}/`);
  const how = [`--url=${url}`, "--jobs=3", "--split-larger-than=65536", `--repo=${repo}`];
  const running = dbbackup(["backup", "single", database.name, ...how]);
  // Helpers are the ones that never read a catalogue: the youngest session is one of them.
  const kill =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() " +
    "AND application_name LIKE 'dbbackup %' AND query LIKE 'COPY%' " +
    "AND backend_start > (SELECT min(backend_start) FROM pg_stat_activity " +
    "WHERE datname = current_database() AND application_name LIKE 'dbbackup %') LIMIT 1";
  await expect.poll(() => database.sql(kill), { interval: 10 }).toHaveLength(1);
  const { status, stderr } = await running;
  expect(status).toBe(1);
  expect(stderr).toMatch(/terminat|connection/);
  expect(stderr).toMatch(/COPY public\./);
  expect(readdirSync(repo)).toEqual([]);
});

test("no more connections are opened than there is work for", async () => {
  await using small = await withDatabase(database.server);
  await small.sql("CREATE TABLE t AS SELECT 1 AS x");
  const opened: string[] = [];
  const { result } = await dumpToMemory(small.server, small.name, { jobs: 8, onConnect: () => opened.push("one") });
  expect(result.tables).toHaveLength(1);
  expect(opened).toHaveLength(1);
});
