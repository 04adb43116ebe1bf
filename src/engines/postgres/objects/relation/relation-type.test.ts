import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { binaryRows, expectSameAsStock, ourEntries } from "../../../../../tests/helpers/compare-with-stock.ts";
import { connectTo } from "../../../../../tests/helpers/dump-to-memory.ts";
import { startServer } from "../../../../../tests/helpers/postgres-server.ts";
import { sharedServer } from "../../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../../tests/helpers/test-database.ts";
import { ColumnKind } from "../../../../wire/postgres/column-kind.ts";
import { capabilitiesOf } from "../../capabilities.ts";
import { catalogSession } from "../../dump/dump-session.ts";
import { readNotIncluded } from "../not-included.ts";
import { readCatalog } from "../read-catalog.ts";

describe("relations", () => {
  test("data sources name the table, its columns and its size", async () => {
    await using database = await withDatabase(await sharedServer(18));
    await database.sql(`
      CREATE TABLE "big one" (id int, dropped int, doubled int GENERATED ALWAYS AS (id * 2) STORED, "Wide" text);
      ALTER TABLE "big one" DROP COLUMN dropped, ALTER "Wide" SET STORAGE EXTERNAL;
      INSERT INTO "big one" (id, "Wide") SELECT i, repeat('x', 10000) FROM generate_series(1, 100) i;
      CREATE TABLE "no columns" ();
    `);
    await database.sql("VACUUM ANALYZE");
    const { entries } = await ourEntries(database);
    const sources = entries.flatMap((entry) => entry.data ?? []);
    const readWith = {
      oid: expect.any(Number),
      name: 'ONLY public."big one"',
      select: 'SELECT id, "Wide" FROM ONLY public."big one"',
    };
    expect(sources).toEqual([
      {
        kind: "copy",
        sql: 'COPY public."big one" (id, "Wide") TO stdout (FORMAT binary)',
        binary: [ColumnKind.int4, ColumnKind.text],
        schema: "public",
        table: "big one",
        estimatedBytes: expect.any(Number),
        estimatedRows: 100,
        ranges: readWith,
        whole: readWith,
      },
      expect.objectContaining({ sql: 'COPY public."no columns"  TO stdout', estimatedBytes: 0, estimatedRows: 0 }),
    ]);
    // 100 rows of 10,000 bytes that are not compressed lie in the TOAST table.
    expect(sources[0]).toHaveProperty("estimatedBytes", expect.closeTo(1_100_000, -5.5));
  });

  test("what uses arrays of a table's rows comes behind the table", async () => {
    await using database = await withDatabase(await sharedServer(18));
    await database.sql("CREATE TABLE z (a int); CREATE VIEW zv AS SELECT 1 AS one");
    await database.sql(
      "CREATE TABLE a (x z[]); CREATE DOMAIN d AS z[]; CREATE TYPE c AS (x z[]); CREATE TABLE av (x zv[])",
    );
    const { entries } = await ourEntries(database);
    const tags = entries.filter(({ section }) => section === "pre-data").map(({ tag }) => tag);
    for (const user of ["a", "d", "c"]) expect(tags.slice(tags.indexOf("z"))).toContain(user);
    expect(tags.slice(tags.indexOf("zv"))).toContain("av");
    await expectSameAsStock(database);
  });

  test("a standby has no rows of unlogged relations to dump", async () => {
    await using server = await startServer({ major: 18 });
    // Goes with the server: a standby cannot drop it.
    const database = await withDatabase(server);
    await database.sql("CREATE UNLOGGED TABLE u (a serial); CREATE TABLE l (a serial); CREATE UNLOGGED SEQUENCE s");
    await server.halt();
    await writeFile(join(server.dataDirectory, "standby.signal"), "");
    await server.start();
    const { entries } = await ourEntries(database);
    expect(entries.filter((entry) => entry.section === "data").map((entry) => entry.tag)).toEqual(["l", "l_a_seq"]);
    await expectSameAsStock(database);
    const notIncluded = await readNotIncluded((sql) => binaryRows(database, sql), capabilitiesOf(18_00_00), {
      databaseItself: true,
    });
    expect(notIncluded).toContainEqual(
      expect.objectContaining({ kind: "unlogged-data", examples: ["s", "u", "u_a_seq"] }),
    );
  });

  test("a sequence that may not be read is named in the server's error", async () => {
    await using database = await withDatabase(await sharedServer(18));
    await database.sql('CREATE SEQUENCE "closed"');
    await using connection = await connectTo(database.server, database.name, { text: "binary" });
    await connection.query("SET ROLE pg_monitor");
    await expect(readCatalog(catalogSession(connection), capabilitiesOf(18_00_00))).rejects.toThrow(
      /permission denied for sequence closed/,
    );
  });
});
