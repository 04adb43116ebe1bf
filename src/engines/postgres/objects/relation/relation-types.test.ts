import { describe, expect, test } from "vitest";
import { expectSameAsStock, ourEntries } from "../../../../../tests/helpers/compare-with-stock.ts";
import { defaultMajors } from "../../../../../tests/helpers/postgres-packages.ts";
import { sharedServer } from "../../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../../tests/helpers/test-database.ts";
import { zooSql } from "../../../../../tests/helpers/zoo.ts";

describe.each(defaultMajors)("relations and what hangs on them, PostgreSQL %i", (major) => {
  test.each([
    ["tables", 60],
    ["keys", 20],
    ["partitions", 15],
    ["views", 35],
    ["on-tables", 25],
  ])("the entries of the zoo's %s are stock pg_dump's", async (part, atLeast) => {
    await using database = await withDatabase(await sharedServer(major));
    await database.sql(await zooSql(part, major));
    const { entries, warnings } = await ourEntries(database);
    expect(warnings).toEqual([]);
    expect(entries.length).toBeGreaterThanOrEqual(atLeast);
    await expectSameAsStock(database);
  });
});
