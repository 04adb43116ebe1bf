import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compareTestDatabases, createShopRoles, loadShopInto } from "../helpers/compare-test-databases.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const majors: readonly PostgresMajor[] = [10, 11, 12, 13, 14, 15, 16, 17, 18];

async function moveWithStockTools(from: TestDatabase, to: TestDatabase): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-move-"));
  try {
    const file = join(folder, "dump");
    await stock(18).must("pg_dump", ["-Fc", "-Z0", "-f", file, "-d", from.url]);
    await stock(18).must("pg_restore", ["-e", "-d", to.url, file]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.each(majors)("the shop of PostgreSQL %i that stock tools brought to 18 equals the original", async (major) => {
  await using original = await withDatabase(await sharedServer(major));
  await using copy = await withDatabase(await sharedServer(18));
  await loadShopInto(original);
  await createShopRoles(copy.server);
  await moveWithStockTools(original, copy);
  const result = await compareTestDatabases(original, copy);
  expect(result.schemaDifferences).toEqual([]);
  expect(result.dataDifferences).toEqual([]);
  expect(result.equal).toBe(true);
  expect(result.rowsCompared).toBeGreaterThanOrEqual(300_000);
});

test("the shop's rows are the same on the oldest and the newest server", async () => {
  await using left = await withDatabase(await sharedServer(10));
  await using right = await withDatabase(await sharedServer(18));
  await Promise.all([left, right].map((database) => loadShopInto(database)));
  const { dataDifferences } = await compareTestDatabases(left, right);
  // Partitions by hash came with 11: before, the shop's page views are spread otherwise.
  expect(dataDifferences.map(({ object }) => object).filter((object) => !object.includes("page_views"))).toEqual([]);
});
