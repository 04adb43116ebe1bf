import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DatabaseContents, databaseContents } from "../helpers/database-contents.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { loadZoo, loadZooGlobals } from "../helpers/load-zoo.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withoutStockFault } from "../helpers/stock-fault.ts";
import { stockFor } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { zooTolerance } from "../helpers/zoo-tolerance.ts";

const majors: readonly PostgresMajor[] = [10, 11, 12, 13, 14, 15, 16, 17, 18];

/** Tables whose rows are printed in another way by servers before 12. */
const WITH_FLOATS: ReadonlySet<string> = new Set(["zoo.typed_table", "zoo.values_of_types"]);

/**
 * Moves the zoo of each of `sources` to every newer server, by us and by the stock tools of the newer one, which judge: what
 * fails there may fail here, and what arrives there must arrive here.
 */
export function describeMovingUp(sources: readonly PostgresMajor[]): void {
  describe.each(sources)("the zoo of PostgreSQL %i", (from) => {
    let zoo: TestDatabase;
    let folder: { readonly path: string } & AsyncDisposable;
    let before: DatabaseContents;
    let archive: string;

    beforeAll(async () => {
      zoo = await loadZoo(await sharedServer(from));
      folder = await withTemporaryFolder();
      before = await databaseContents(zoo.server, zoo.name, zooTolerance);
      archive = join(folder.path, "ours.dump");
      await mustDbbackup(["backup", "single", zoo.name, "--url", zoo.url, "--output", archive]);
    });
    afterAll(async () => {
      await zoo?.drop();
      await folder?.[Symbol.asyncDispose]();
    });

    test.each(majors.filter((major) => major > from))("moves to %i as with stock tools", async (to) => {
      const server = await sharedServer(to);
      await loadZooGlobals(server);
      await using ours = await withDatabase(server);
      await using stocks = await withDatabase(server);
      const stockArchive = join(folder.path, `stock-${to}.dump`);
      const ourFailures = await moveByUs(archive, ours);
      const stockFailures = await moveByStock(zoo, stocks, stockArchive);
      expect(ourFailures).toEqual(stockFailures);

      const after = await databaseContents(server, ours.name, zooTolerance);
      const expected = await databaseContents(server, stocks.name, zooTolerance);
      expect({ ...after, schema: comparable(after, to) }).toEqual({ ...expected, schema: comparable(expected, to) });
      expect(comparableRows(after, from)).toEqual(comparableRows(before, from));
      expect(after.sequences).toEqual(before.sequences);
      expect(after.largeObjects).toEqual(before.largeObjects);

      // What stock pg_dump wrote, restored by us: once for each server that it comes from.
      if (to !== 18) return;
      await using mixed = await withDatabase(server);
      expect(await moveByUs(stockArchive, mixed)).toEqual(stockFailures);
      expect(await databaseContents(server, mixed.name, zooTolerance)).toEqual(expected);
    });
  });
}

/**
 * Before 15 everybody could create in schema public. The zoo forbids it: ours keeps that on servers before 15, while pg_dump
 * 15 does not say it, since it is no news to its own servers.
 */
function comparable({ schema }: DatabaseContents, to: PostgresMajor): readonly string[] {
  if (to >= 15) return schema;
  return schema.filter((line) => !/^(REVOKE USAGE|GRANT ALL) ON SCHEMA public (FROM|TO) PUBLIC;$/.test(line));
}

function comparableRows({ rows }: DatabaseContents, from: PostgresMajor): Readonly<Record<string, string>> {
  if (from >= 12) return rows;
  return Object.fromEntries(Object.entries(rows).filter(([table]) => !WITH_FLOATS.has(table)));
}

/** Answers what the server said of the objects that failed. */
async function moveByUs(archive: string, target: TestDatabase): Promise<string[]> {
  const how = ["--target", target.name, "--url", target.url, "--on-error", "continue", "--json"];
  const { status, stdout, stderr } = await dbbackup(["restore", "single", archive, ...how]);
  if (status !== 0 && status !== 3) throw new Error(stderr);
  const { result } = JSON.parse(stdout.toString()) as { result: { failures: { message: string }[] } };
  return result.failures.map(({ message }) => message).toSorted();
}

async function moveByStock(source: TestDatabase, target: TestDatabase, archive: string): Promise<string[]> {
  const tools = stockFor(target.server.major);
  await tools.must("pg_dump", ["-Fc", "-Z0", `--file=${archive}`, source.url]);
  const { stderr } = await tools.run("pg_restore", ["-d", target.url, archive]);
  const failures = withoutStockFault(stderr, target.server.major);
  return [...failures.matchAll(/could not execute query: ERROR: {2}(.*)/g)].map(([, message]) => message!).toSorted();
}
