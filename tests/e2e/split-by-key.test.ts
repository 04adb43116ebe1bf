import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArchiveFileReader } from "../../src/engines/postgres/archive/archive-file-reader.ts";
import { codec } from "../helpers/codec.ts";
import { dumpToMemory, type MemoryDump } from "../helpers/dump-to-memory.ts";
import { memoryObject } from "../helpers/memory-object.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** Keys whose values are easily cut wrongly, each table some 40 pages. */
const tables = `
  CREATE TABLE even (id int PRIMARY KEY, h text);
  INSERT INTO even SELECT i, md5(i::text) FROM generate_series(1, 5000) i;
  CREATE TABLE extremes (id bigint PRIMARY KEY, h text);
  INSERT INTO extremes SELECT (-9223372036854775808)::bigint + i, md5(i::text) FROM generate_series(0, 2000) i;
  INSERT INTO extremes SELECT i, md5(i::text) FROM generate_series(-500, 500) i;
  INSERT INTO extremes SELECT 9223372036854775807 - 2000 + i, md5(i::text) FROM generate_series(0, 2000) i;
  CREATE TABLE lumped (id bigint PRIMARY KEY, h text);
  INSERT INTO lumped SELECT i, md5(i::text) FROM generate_series(1, 5000) i;
  INSERT INTO lumped VALUES (-4000000000000000000, 'far'), (4000000000000000000, 'away');
  CREATE TABLE small (a smallint, b smallint, h text, PRIMARY KEY (a, b));
  INSERT INTO small SELECT a, b, md5(b::text) FROM generate_series(-32768, 32767, 6554) a, generate_series(1, 500) b;
  INSERT INTO small VALUES (32767, 32767, 'last');
  CREATE TABLE backwards (id int NOT NULL, h text);
  INSERT INTO backwards SELECT 5000 - i, md5(i::text) FROM generate_series(1, 5000) i;
  CREATE UNIQUE INDEX ON backwards (id DESC);
  CREATE TABLE "odd ""names" ("value" uuid PRIMARY KEY, "place; --" int UNIQUE NOT NULL, h text);
  INSERT INTO "odd ""names" SELECT md5(i::text)::uuid, i, md5(i::text) FROM generate_series(1, 5000) i;
  CREATE TABLE parent (id int PRIMARY KEY, h text);
  CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
  INSERT INTO parent SELECT i, 'parent' || md5(i::text) FROM generate_series(1, 4000) i;
  INSERT INTO child SELECT i, 'child' || md5(i::text) FROM generate_series(1, 4000) i;`;
const split = ["backwards", "child", "even", "extremes", "lumped", 'odd "names', "parent", "small"];

/** What must not be read through an index. */
const wholeTables = `
  CREATE TABLE shuffled (id int PRIMARY KEY, h text);
  INSERT INTO shuffled SELECT i, md5(i::text) FROM generate_series(1, 5000) i ORDER BY md5(i::text);
  CREATE TABLE nullable (id int UNIQUE, h text);
  INSERT INTO nullable SELECT NULLIF(i, 7), md5(i::text) FROM generate_series(1, 5000) i;
  CREATE TABLE partial (id int NOT NULL, h text);
  INSERT INTO partial SELECT i, md5(i::text) FROM generate_series(1, 5000) i;
  CREATE UNIQUE INDEX ON partial (id) WHERE id > 100;
  CREATE UNIQUE INDEX ON partial ((id + 1));
  CREATE TABLE texts (id text COLLATE "C" PRIMARY KEY);
  INSERT INTO texts SELECT lpad(i::text, 20, '0') FROM generate_series(1, 5000) i;
  CREATE TABLE keyless AS SELECT i, md5(i::text) AS h FROM generate_series(1, 5000) i;`;

const parts = { jobs: 4, splitLargerThan: 16_384 };

/** Of each table the hash of its rows, whatever their order. */
async function rowsOf({ bytes }: MemoryDump): Promise<Map<string, string>> {
  const reader = await ArchiveFileReader.openObject(memoryObject(bytes), { codec });
  const names = new Map(reader.entries.map((entry) => [entry.dumpId, entry.tag ?? ""]));
  const found = new Map<string, string>();
  for await (const block of reader.dataBlocks()) {
    if (block.kind !== "table-data") continue;
    const chunks: Buffer[] = [];
    for await (const piece of block.chunks()) chunks.push(Buffer.from(piece));
    const rows = Buffer.concat(chunks).toString("latin1").split("\n").toSorted();
    found.set(names.get(block.dumpId)!, createHash("sha256").update(rows.join("\n")).digest("hex"));
  }
  return found;
}

describe.each([10, 13] as const)("on a server of %i", (major) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await withDatabase(await sharedServer(major));
    await database.sql(tables);
    await database.sql(wholeTables);
  });
  afterAll(() => database?.drop());

  test.each(["never analyzed", "analyzed"])("ranges of keys give every row once, %s", async (state) => {
    const { server, name } = database;
    if (state === "analyzed") await database.sql("VACUUM ANALYZE");
    const whole = await dumpToMemory(server, name);
    const inParts = await dumpToMemory(server, name, parts);
    expect(await rowsOf(inParts)).toEqual(await rowsOf(whole));
    expect(inParts.result.tables).toEqual(whole.result.tables);
    expect((await rowsOf(whole)).size).toBe(13);
  });

  test("tables are read in parts through their index, and only those that lie in its order", async () => {
    /** What all sessions have done until now: each tells it at its end, and messages are taken in their order. */
    const scans = async (): Promise<Map<string, { seq: number; idx: number }>> => {
      const others = `SELECT FROM pg_stat_activity WHERE datname = '${database.name}' AND pid <> pg_backend_pid()`;
      await expect.poll(() => database.sql(others)).toEqual([]);
      await database.sql("DROP TABLE IF EXISTS last; CREATE TABLE last (); SELECT FROM last");
      const told = "SELECT seq_scan AS n FROM pg_stat_user_tables WHERE relname = 'last'";
      await expect.poll(() => database.sql(told)).toEqual([{ n: "1" }]);
      const rows = await database.sql(
        "SELECT relname, seq_scan, coalesce(idx_scan, 0) AS idx_scan FROM pg_stat_user_tables",
      );
      return new Map(rows.map((row) => [row.relname!, { seq: Number(row.seq_scan), idx: Number(row.idx_scan) }]));
    };
    const before = await scans();
    await dumpToMemory(database.server, database.name, parts);
    const after = await scans();
    const difference = (table: string): { seq: number; idx: number } => {
      const [was, is] = [before.get(table)!, after.get(table)!];
      return { seq: is.seq - was.seq, idx: is.idx - was.idx };
    };
    for (const table of split) {
      expect(difference(table).idx, table).toBeGreaterThan(5);
      // To count its rows.
      expect(difference(table).seq, table).toBe(1);
    }
    for (const table of ["nullable", "partial", "texts", "keyless"]) {
      expect(difference(table), table).toEqual({ seq: 1, idx: 0 });
    }
    // The smallest and the largest key were looked for before it was clear that the table lies in another order.
    expect(difference("shuffled")).toEqual({ seq: 1, idx: 2 });
  });
});

test("an index that does not find all rows ends the backup and is named", async () => {
  await using database = await withDatabase(await sharedServer(13));
  await database.sql(`
    CREATE TABLE t (id int PRIMARY KEY, h text);
    INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 5000) i;
    SET allow_system_table_mods = on;
    UPDATE pg_index SET indisready = false, indislive = true WHERE indexrelid = 't_pkey'::regclass`);
  // Rows that are not entered while the index claims not to be ready.
  await database.sql("INSERT INTO t SELECT i, 'lost' FROM generate_series(6000, 6100) i");
  await database.sql("UPDATE pg_index SET indisready = true WHERE indexrelid = 't_pkey'::regclass");
  await expect(dumpToMemory(database.server, database.name, parts)).rejects.toMatchObject({
    code: "SERVER",
    message: expect.stringMatching(/table "?public"?\."?t"? has 5101 rows, but its index "t_pkey" finds \d+/),
    hint: expect.stringContaining("REINDEX"),
  });
  expect((await dumpToMemory(database.server, database.name)).result.tables?.[0]?.rows).toBe(5101);
});
