import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { killedOften } from "../helpers/interrupted-restore.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { zooTolerance } from "../helpers/zoo-tolerance.ts";

const parallel = ["--jobs=4", "--split-larger-than=8192"];
const MOST_KILLS = 20;

describe.each([10, 18] as const)("everything that PostgreSQL %i has, killed with -9 and resumed", (major) => {
  let zoo: TestDatabase;
  let folder: { readonly path: string } & AsyncDisposable;
  beforeAll(async () => {
    zoo = await loadZoo(await sharedServer(major));
    folder = await withTemporaryFolder();
  });
  afterAll(async () => {
    await zoo?.drop();
    await folder?.[Symbol.asyncDispose]();
  });

  const ours =
    (...args: string[]) =>
    (file: string) =>
      mustDbbackup(["backup", "single", zoo.name, `--url=${zoo.url}`, `--output=${file}`, ...args]);
  const stocks =
    (...args: string[]) =>
    (file: string) =>
      stock(18).must("pg_dump", [`--file=${file}`, zoo.url, ...args]);

  const ways: [string, (file: string) => Promise<unknown>, string[]][] = [
    ["our custom archive, serial", ours(), ["--jobs=1"]],
    ["our directory, parallel", ours("--format=directory"), parallel],
    ["our tar, parallel", ours("--format=tar"), parallel],
    ["our INSERT statements", ours("--column-inserts", "--compression=zstd"), ["--jobs=2"]],
  ];
  // Its pg_dump 18 writes what servers before 11 do not understand.
  if (major > 10) {
    ways.push(
      ["stock custom archive, parallel", stocks("-Fc"), parallel],
      ["stock directory, in transactions", stocks("-Fd"), ["--jobs=1", "--transaction-size=10"]],
      ["stock tar, serial", stocks("-Ft"), ["--jobs=1"]],
    );
  }

  test.each(ways)("%s", async (name, backup, options) => {
    const file = join(folder.path, name.replaceAll(" ", "-"));
    await backup(file);
    await using target = await withDatabase(zoo.server);
    const kills = await killedOften(target, [file, ...options], { seed: major * name.length, most: MOST_KILLS });
    expect(kills).toBeGreaterThan(MOST_KILLS / 2);
    await using whole = await withDatabase(zoo.server);
    await mustDbbackup(["restore", "single", file, ...options, `--target=${whole.name}`, `--url=${whole.url}`]);
    expect(await databaseContents(zoo.server, target.name, zooTolerance)).toEqual(
      await databaseContents(zoo.server, whole.name, zooTolerance),
    );
  });
});
