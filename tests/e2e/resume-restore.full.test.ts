import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { killedOften } from "../helpers/interrupted-restore.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { zooTolerance } from "../helpers/zoo-tolerance.ts";

/** Rows that triggers would change and keys would refuse, were they not switched off. */
const content = `
  CREATE TABLE big (id int PRIMARY KEY, t text);
  INSERT INTO big SELECT i, repeat(md5(i::text), 3) FROM generate_series(1, 15000) i;
  DO $$ BEGIN
    FOR n IN 1..25 LOOP
      EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, other int, a text)', n);
      EXECUTE format('INSERT INTO t%s SELECT i, 1 + i %% 50, md5(i::text) FROM generate_series(1, 400) i', n);
      EXECUTE format('ALTER TABLE t%s ADD FOREIGN KEY (other) REFERENCES t1', n);
    END LOOP;
  END $$;
  CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF pg_trigger_depth() = 1 THEN INSERT INTO t2 SELECT NEW.id + 1000000, 1, 'twice'; END IF; RETURN NEW; END $$;
  CREATE TRIGGER twice BEFORE INSERT ON t2 FOR EACH ROW EXECUTE FUNCTION twice();
  SELECT lo_from_bytea(0, decode(repeat(md5(i::text), 100), 'hex')) FROM generate_series(1, 20) i;`;

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

describe("other ways", () => {
  let source: TestDatabase;
  let folder: { readonly path: string } & AsyncDisposable;
  let file: string;
  beforeAll(async () => {
    source = await withDatabase(await sharedServer(18));
    await source.sql(content);
    folder = await withTemporaryFolder();
    file = join(folder.path, "archive");
    await mustDbbackup([
      "backup",
      "single",
      source.name,
      `--url=${source.url}`,
      `--output=${file}`,
      "--compression=none",
    ]);
  });
  afterAll(async () => {
    await source?.drop();
    await folder?.[Symbol.asyncDispose]();
  });

  async function expectRestored(target: TestDatabase): Promise<void> {
    expect(await databaseContents(target.server, target.name)).toEqual(
      await databaseContents(source.server, source.name),
    );
  }

  test("rows alone, with triggers switched off: a run that is killed leaves none of them off", async () => {
    await using target = await withDatabase(source.server);
    const rest = [`--target=${target.name}`, `--url=${target.url}`];
    await mustDbbackup(["restore", "single", file, "--schema-only", ...rest]);
    const args = [file, "--data-only", "--disable-triggers", "--confirm", "--jobs=2"];
    expect(await killedOften(target, args, { seed: 5, most: MOST_KILLS })).toBeGreaterThan(MOST_KILLS / 2);
    await expectRestored(target);
  });

  test.each([1, 2, 3])(
    "shared loads, and constraints in two steps, with other sessions each time: seed %i",
    async (seed) => {
      await using target = await withDatabase(source.server);
      await killedOften(target, [file], { seed, most: MOST_KILLS, turns: [parallel, ["--jobs=1"]] });
      await expectRestored(target);
    },
  );

  test("an interruption keeps the database that the run made", async () => {
    await using target = await withDatabase(source.server);
    await target.drop();
    const args = ["restore", "single", file, `--target=${target.name}`, `--url=${target.url}`, "--create"];
    const child = spawn(process.execPath, [await builtProgram(), ...args, "--resumable"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.on("data", (text: Buffer) => {
      if (text.toString().includes("loading rows")) child.kill("SIGINT");
    });
    expect(await once(child, "close")).toEqual([130, null]);
    await mustDbbackup([...args, "--resume"]);
    await expectRestored(target);
  });
});
