import { describe, expect, test } from "vitest";
import { binaryRows, ourEntries } from "../../../../../tests/helpers/compare-with-stock.ts";
import { sharedServer } from "../../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../../tests/helpers/test-database.ts";
import { capabilitiesOf } from "../../capabilities.ts";
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
    expect(sources).toEqual([
      {
        kind: "copy",
        sql: 'COPY public."big one" (id, "Wide") TO stdout',
        schema: "public",
        table: "big one",
        estimatedBytes: expect.any(Number),
        estimatedRows: 100,
      },
      expect.objectContaining({ sql: 'COPY public."no columns"  TO stdout', estimatedBytes: 0, estimatedRows: 0 }),
    ]);
    // 100 rows of 10,000 bytes that are not compressed lie in the TOAST table.
    expect(sources[0]).toHaveProperty("estimatedBytes", expect.closeTo(1_100_000, -5.5));
  });

  test("a sequence that may not be read is named in the server's error", async () => {
    await using database = await withDatabase(await sharedServer(18));
    await database.sql('CREATE SEQUENCE "closed"');
    const asMonitor = (sql: string) => binaryRows(database, `SET ROLE pg_monitor; ${sql}`);
    await expect(readCatalog(asMonitor, capabilitiesOf(18_00_00))).rejects.toThrow(
      /permission denied for sequence closed/,
    );
  });
});
