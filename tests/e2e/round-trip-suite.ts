import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { entryTypesOf } from "../helpers/archive-list.ts";
import { type DatabaseContents, databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { comparableScript } from "../helpers/known-differences.ts";
import { loadZoo, loadZooGlobals } from "../helpers/load-zoo.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withoutStockFault } from "../helpers/stock-fault.ts";
import { stock, stockFor } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { zooTolerance } from "../helpers/zoo-tolerance.ts";

/** Stock pg_dump prints bytea as the database's settings say; ours is always hexadecimal. */
const ALIKE = { env: { PGOPTIONS: "-c bytea_output=hex" } };

/** What a server says to everybody who creates a subscription without connecting it. */
const AFTER_SUBSCRIPTION =
  /^.*WARNING: {2}(subscription was created, but is not connected|tables were not subscribed).*\n(HINT: .*\n)?/gm;

/** Tables whose rows are printed in another way by servers before 12. */
const WITH_FLOATS: readonly string[] = ["zoo.typed_table", "zoo.values_of_types"];

const RESTRICT_KEY = "RoundTrip";

/**
 * Takes the zoo of one server version through backup and restore, ours and stock, and compares what arrives with what
 * left: definitions as stock pg_dump prints them, rows as multisets, sequences, large objects.
 * @param ways `main` leaves out ways that differ from others by nothing that depends on the version
 */
export function describeRoundTrip(major: PostgresMajor, ways: "all" | "main"): void {
  describe(`PostgreSQL ${major}`, () => {
    let server: ServerAddress;
    let zoo: TestDatabase;
    let folder: { readonly path: string } & AsyncDisposable;
    let source: DatabaseContents;
    let archive: string;
    let script: string;

    beforeAll(async () => {
      server = await sharedServer(major);
      zoo = await loadZoo(server);
      folder = await withTemporaryFolder();
      source = await databaseContents(server, zoo.name, zooTolerance);
      archive = join(folder.path, "zoo.dump");
      script = join(folder.path, "zoo.sql");
      await mustDbbackup(["backup", "single", zoo.name, "--url", zoo.url, "--output", archive]);
      const plain = ["--format", "plain", "--restrict-key", RESTRICT_KEY, "--output", script];
      await mustDbbackup(["backup", "single", zoo.name, "--url", zoo.url, ...plain]);
    });
    afterAll(async () => {
      await zoo?.drop();
      await folder?.[Symbol.asyncDispose]();
    });

    /** Fills an empty database by `fill` and expects it to be the zoo. */
    async function expectZoo(fill: (target: TestDatabase) => Promise<unknown>): Promise<void> {
      await using target = await withDatabase(server);
      await fill(target);
      expect(await databaseContents(server, target.name, zooTolerance)).toEqual(source);
    }

    test("an archive reads like stock pg_dump's, byte for byte, contents included", async () => {
      const theirs = join(folder.path, "theirs.dump");
      // Older archives have an entry for each large object.
      const ours = major >= 17 ? archive : join(folder.path, "ours.dump");
      if (ours !== archive) {
        const version = ["--archive-version", "1.16", "--compression", "zstd", "--output", ours];
        await mustDbbackup(["backup", "single", zoo.name, "--url", zoo.url, ...version]);
      }
      await stock(18).must("pg_dump", ["-Fc", "-Z0", `--file=${theirs}`, zoo.url], ALIKE);
      const [our, their] = await Promise.all([scriptOf(ours, major), scriptOf(theirs, major)]);
      expect(our === their || firstDifference(our, their)).toBe(true);
      const [ourList, theirList] = await Promise.all([listOf(ours), listOf(theirs)]);
      expect(entryTypesOf(ourList)).toEqual(entryTypesOf(theirList));
    });

    test("stock pg_restore restores an archive in four jobs without a warning", async () => {
      await expectZoo(async (target) => {
        const { stderr } = await stockFor(major).run("pg_restore", ["--jobs=4", "-d", target.url, archive]);
        expect(withoutStockFault(stderr, major)).toBe("");
      });
    });

    test.each(ways === "main" ? [4] : [1, 4])(
      "we restore our archive into a database that we create, its properties too: %i jobs",
      async (jobs) => {
        await using target = await withDatabase(server);
        await target.drop();
        const expected = await databaseContents(server, zoo.name, zooTolerance, { create: true });
        await mustDbbackup([
          "restore",
          "single",
          archive,
          `--jobs=${jobs}`,
          "--target",
          target.name,
          "--create",
          "--url",
          databaseUrl(server, "postgres"),
        ]);
        expect(await databaseContents(server, target.name, zooTolerance, { create: true })).toEqual(expected);
      },
    );

    test("a plain script is stock pg_dump's, byte for byte", async () => {
      const theirs = await stock(18).must("pg_dump", [zoo.url], ALIKE);
      const [our, their] = [
        comparableScript(await readFile(script, "latin1"), major),
        comparableScript(theirs.stdout.toString("latin1"), major),
      ];
      expect(our === their || firstDifference(our, their)).toBe(true);
    });

    if (ways === "main") return;

    test("stock pg_restore restores an archive without a warning", async () => {
      await expectZoo(async (target) => {
        const { stderr } = await stockFor(major).run("pg_restore", ["-d", target.url, archive]);
        expect(withoutStockFault(stderr, major)).toBe("");
      });
    });

    test("stock psql loads a plain script", async () => {
      await expectZoo(async (target) => {
        const args = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", script, target.url];
        const { stderr } = await stockFor(major).must("psql", args);
        expect(stderr.replace(AFTER_SUBSCRIPTION, "")).toBe("");
      });
    });

    test("we restore our plain script", async () => {
      await expectZoo((target) => restore(script, target));
    });

    test.runIf(stockFor(major).major === major)("we restore a plain script of stock pg_dump", async () => {
      const theirs = join(folder.path, "stock.sql");
      await stockFor(major).must("pg_dump", [`--file=${theirs}`, zoo.url]);
      await expectZoo((target) => restore(theirs, target));
    });

    test("we restore an archive of stock pg_dump, on the server version that it is for", async () => {
      const theirs = join(folder.path, "stock.dump");
      const tools = stockFor(major);
      await tools.must("pg_dump", ["-Fc", `--file=${theirs}`, zoo.url]);
      if (major === tools.major) return expectZoo((target) => restore(theirs, target));
      const newer = await sharedServer(tools.major);
      await loadZooGlobals(newer);
      await using target = await withDatabase(newer);
      await restore(theirs, target);
      const { rows, sequences, largeObjects } = await databaseContents(newer, target.name, zooTolerance);
      // Before 12, floats were printed with more digits than needed.
      const printed = major < 12 ? Object.fromEntries(WITH_FLOATS.map((table) => [table, source.rows[table]!])) : {};
      expect({ ...source, rows: { ...rows, ...printed }, sequences, largeObjects }).toEqual(source);
    });
  });
}

function restore(backup: string, target: TestDatabase): Promise<unknown> {
  return mustDbbackup(["restore", "single", backup, "--target", target.name, "--url", target.url]);
}

async function listOf(archive: string): Promise<string> {
  const { stdout, stderr } = await stock(18).must("pg_restore", ["--list", archive]);
  expect(stderr).toBe("");
  return stdout.toString();
}

async function scriptOf(archive: string, server: PostgresMajor): Promise<string> {
  const { stdout, stderr } = await stock(18).must("pg_restore", ["--create", "--file=-", archive]);
  expect(stderr).toBe("");
  return comparableScript(stdout.toString("latin1"), server);
}

function firstDifference(ours: string, theirs: string): string {
  const [our, their] = [ours.split("\n"), theirs.split("\n")];
  const at = our.findIndex((line, index) => line !== their[index]);
  const excerpt = (lines: string[]): string =>
    lines
      .slice(Math.max(0, at - 3), at + 5)
      .map((line) => line.slice(0, 200))
      .join("\n");
  return `line ${at + 1}, ours:\n${excerpt(our)}\nstock:\n${excerpt(their)}`;
}
