import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DatabaseContents, databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { zooTolerance } from "../helpers/zoo-tolerance.ts";
import { allWays, describeArchiveFormats } from "./archive-formats-suite.ts";
import { describeRoundTrip } from "./round-trip-suite.ts";

// The majors that the default suite leaves out, or takes only the main ways.
for (const major of [11, 12, 13, 14, 15, 16, 17] as const) describeRoundTrip(major, "all");

for (const major of [10, 11, 12, 13, 14, 15, 16, 17, 18] as const) describeArchiveFormats(major, allWays(major));

describe("compressions and archive versions", () => {
  let server: ServerAddress;
  let zoo: TestDatabase;
  let folder: { readonly path: string } & AsyncDisposable;
  let source: DatabaseContents;
  beforeAll(async () => {
    server = await sharedServer(15);
    zoo = await loadZoo(server);
    folder = await withTemporaryFolder();
    source = await databaseContents(server, zoo.name, zooTolerance);
  });
  afterAll(async () => {
    await zoo?.drop();
    await folder?.[Symbol.asyncDispose]();
  });

  const cases = [
    ...["gzip:1", "gzip:9", "none"].flatMap((method) => ["1.14", "1.15", "1.16"].map((version) => [method, version])),
    ...["zstd", "zstd:19", "lz4"].flatMap((method) => ["1.15", "1.16"].map((version) => [method, version])),
  ] as [string, string][];

  test.each(cases)("%s in archives of version %s, by us and by stock pg_restore", async (compression, version) => {
    const archive = join(folder.path, `${compression}-${version}.dump`);
    const how = ["--compression", compression, "--archive-version", version, "--output", archive];
    await mustDbbackup(["backup", "single", zoo.name, "--url", zoo.url, ...how]);
    await mustDbbackup(["verify", archive]);

    await using ours = await withDatabase(server);
    await mustDbbackup(["restore", "single", archive, "--target", ours.name, "--url", ours.url]);
    expect(await databaseContents(server, ours.name, zooTolerance)).toEqual(source);

    // pg_restore 15 reads no newer archives than its own, and no newer pg_restore can write to 15 without an error.
    if (version !== "1.14") return;
    await using stocks = await withDatabase(server);
    const { stderr } = await stock(15).must("pg_restore", ["--exit-on-error", "-d", stocks.url, archive]);
    expect(stderr).toBe("");
    expect(await databaseContents(server, stocks.name, zooTolerance)).toEqual(source);
  });

  test.each(["gzip:3", "lz4", "zstd", "none"])("we restore what stock pg_dump compressed with %s", async (method) => {
    const newest = await sharedServer(18);
    await using database = await loadZoo(newest);
    const expected = await databaseContents(newest, database.name, zooTolerance);
    const archive = join(folder.path, `stock-${method}.dump`);
    await stock(18).must("pg_dump", ["-Fc", `--compress=${method}`, `--file=${archive}`, database.url]);
    await using target = await withDatabase(newest);
    await mustDbbackup(["restore", "single", archive, "--target", target.name, "--url", target.url]);
    expect(await databaseContents(newest, target.name, zooTolerance)).toEqual(expected);
  });
});
