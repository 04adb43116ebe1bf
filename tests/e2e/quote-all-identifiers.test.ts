import { join } from "node:path";
import { expect, test } from "vitest";
import { wholeShape } from "../../src/ports/dump-shape.ts";
import { type DatabaseContents, databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { dumpToMemory } from "../helpers/dump-to-memory.ts";
import { withoutKnownDifferences } from "../helpers/known-differences.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { serverSql } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { zooTolerance } from "../helpers/zoo-tolerance.ts";

const option = "--quote-all-identifiers";

/** What the zoo's archive and script hold is compared with stock pg_dump's of 18 in dump-shape.test.ts. */
test.each([10, 18] as const)("the zoo of %i restores from archives with all names in quotes", async (major) => {
  const server = await sharedServer(major);
  await using zoo = await loadZoo(server);
  await using folder = await withTemporaryFolder();
  const source = await contents(zoo);
  const ours = join(folder.path, "ours.dump");
  await mustDbbackup(["backup", "single", zoo.name, "--url", zoo.url, option, "--output", ours]);
  const archives = [ours];
  if (major === 18) {
    const stocks = join(folder.path, "stock.dump");
    await stock(18).must("pg_dump", [option, "-Fc", "-d", zoo.url, "-f", stocks]);
    archives.push(stocks);
  }
  for (const archive of archives) {
    // Dropped at the end; --create makes it anew, under a name that the archive does not have.
    await using target = await withDatabase(server);
    await serverSql(server, `DROP DATABASE ${target.name}`);
    const into = ["--target", target.name, "--url", databaseUrl(server, "postgres")];
    await mustDbbackup(["restore", "single", archive, "--create", ...into]);
    expect(await contents(target)).toEqual(source);
  }
});

test("definitions of 10 are those of stock pg_dump, but for what is written for 10", async () => {
  await using zoo = await loadZoo(await sharedServer(10));
  const { bytes } = await dumpToMemory(zoo.server, zoo.name, {
    format: "plain",
    shape: { ...wholeShape, schemaOnly: true },
    session: { quoteAllIdentifiers: true },
    restrictKey: "k",
  });
  const { stdout } = await stock(18).must("pg_dump", [option, "-s", "--restrict-key=k", "-d", zoo.url]);
  expect(lines(bytes)).toEqual(lines(stdout));
});

test("dumps in one process quote each as they were told", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE plain_name (some_column int CHECK (some_column > 0))");
  const dump = (quoteAllIdentifiers: boolean) =>
    dumpToMemory(database.server, database.name, { format: "plain", session: { quoteAllIdentifiers } });
  const dumps = await Promise.all([dump(false), dump(true), dump(false), dump(true)]);
  for (const [index, { bytes }] of dumps.entries()) {
    const [table, column] =
      index % 2 === 1 ? ['"public"."plain_name"', '"some_column"'] : ["public.plain_name", "some_column"];
    expect(bytes.toString()).toContain(`CREATE TABLE ${table} (\n    ${column} integer`);
    expect(bytes.toString()).toContain(`CHECK ((${column} > 0))`);
    expect(bytes.toString()).toContain(`COPY ${table} (${column}) FROM stdin;`);
    expect(bytes.toString()).toContain(index % 2 === 1 ? 'OWNER TO "postgres";' : "OWNER TO postgres;");
  }
});

function lines(script: Buffer): string[] {
  return withoutKnownDifferences(script.toString("latin1"), 10)
    .split("\n")
    .filter((line) => !/^-- Dumped by |^SET transaction_timeout /.test(line));
}

function contents(database: TestDatabase): Promise<DatabaseContents> {
  return databaseContents(database.server, database.name, zooTolerance, { create: true });
}
