import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseContents } from "../helpers/database-contents.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { connectTo } from "../helpers/dump-to-memory.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** Rows of many sizes; one that is larger than what a session gets at a time; text that COPY escapes. */
const content = `
  CREATE FUNCTION passes(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
  CREATE TABLE big (id int CHECK (passes(id)), t text);
  INSERT INTO big SELECT i, repeat(md5(i::text), i % 7) || E'\\n\\t\\\\' FROM generate_series(1, 120000) i;
  INSERT INTO big SELECT 0, string_agg(md5(i::text), '') FROM generate_series(1, 30000) i;
  ALTER TABLE big ADD PRIMARY KEY (id);
  CREATE TABLE small AS SELECT 1 AS x;`;

let source: TestDatabase;
let folder: { readonly path: string } & AsyncDisposable;
beforeAll(async () => {
  source = await withDatabase(await sharedServer(18));
  await source.sql(content);
  folder = await withTemporaryFolder();
});
afterAll(async () => {
  await source?.drop();
  await folder?.[Symbol.asyncDispose]();
});

/** Backs up after the function of the table's check was replaced: the rows pass it no more. */
async function backup(name: string, body: string, compression = "none"): Promise<string> {
  await source.sql(
    `CREATE OR REPLACE FUNCTION passes(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN true; END $$`,
  );
  const archive = join(folder.path, name);
  const output = [`--output=${archive}`, `--compression=${compression}`];
  await mustDbbackup(["backup", "single", source.name, `--url=${source.url}`, ...output]);
  return archive;
}

function restoreArgs(archive: string, target: TestDatabase, ...more: string[]): string[] {
  return ["restore", "single", archive, `--target=${target.name}`, `--url=${target.url}`, ...more];
}

const shared = ["--jobs=3", "--split-larger-than=8192"];

const sessionsIn = (target: TestDatabase): Promise<Record<string, string | null>[]> =>
  target.sql("SELECT count(DISTINCT xmin::text) AS n FROM big");

test.each(["none", "gzip"])(
  "the rows of one table arrive over several sessions: compression %s",
  async (compression) => {
    const archive = await backup(`whole-${compression}.dump`, "", compression);
    await using target = await withDatabase(source.server);
    await mustDbbackup(restoreArgs(archive, target, ...shared));
    expect(Number((await sessionsIn(target))[0]!.n)).toBeGreaterThan(1);
    expect(await databaseContents(source.server, target.name)).toEqual(
      await databaseContents(source.server, source.name),
    );
  },
);

test("a table that is not larger, or rows alone, arrive over one session", async () => {
  const archive = await backup("one.dump", "");
  await using target = await withDatabase(source.server);
  await mustDbbackup(restoreArgs(archive, target, "--jobs=3", "--split-larger-than=1G"));
  expect(await sessionsIn(target)).toEqual([{ n: "1" }]);
  await target.sql("TRUNCATE big, small");
  await mustDbbackup(restoreArgs(archive, target, "--split-larger-than=8192", "--data-only", "--confirm"));
  expect(await sessionsIn(target)).toEqual([{ n: "1" }]);
});

test("a row that the server refuses in one session: no rows of the table, and everything else", async () => {
  const archive = await backup("refused.dump", "IF $1 = 119999 THEN RAISE EXCEPTION 'not this one'; END IF;");
  await using target = await withDatabase(source.server);
  const { status, stdout } = await dbbackup(restoreArgs(archive, target, ...shared, "--on-error=continue", "--json"));
  expect(status).toBe(3);
  const { result } = JSON.parse(stdout.toString()) as { result: { failures: object[] } };
  expect(result.failures).toEqual([
    expect.objectContaining({ object: 'TABLE DATA "public.big"', message: expect.stringMatching(/not this one/) }),
  ]);
  expect(await target.sql("SELECT (SELECT count(*) FROM big) AS big, (SELECT count(*) FROM small) AS small")).toEqual([
    { big: "0", small: "1" },
  ]);
});

test("rows that are not those of the metadata are undone in all sessions", async () => {
  const archive = await backup("changed.dump", "");
  const stored = await readFile(archive);
  // Another digit in a row near the end: the same length, another checksum.
  const at = stored.lastIndexOf("\n119990\t") + 1;
  stored.write("219990", at);
  await writeFile(archive, stored);
  await using target = await withDatabase(source.server);
  const { status, stderr } = await dbbackup(restoreArgs(archive, target, ...shared));
  expect(status).toBe(1);
  expect(stderr).toMatch(/"public\.big" are not what was backed up: their checksum/);
  expect(await target.sql("SELECT count(*) AS n FROM big")).toEqual([{ n: "0" }]);
});

test.each(["min", "max"])(
  "a killed session ends the load of all, whoever began: an error, and no rows: %s",
  async (which) => {
    const gate = "IF $1 % 500 = 0 THEN PERFORM pg_advisory_xact_lock_shared(4711); END IF;";
    const archive = await backup(`gate-${which}.dump`, gate);
    await using target = await withDatabase(source.server);
    await using gatekeeper = await connectTo(target.server, target.name);
    await gatekeeper.query("SELECT pg_advisory_lock(4711)");
    const restoring = dbbackup(restoreArgs(archive, target, ...shared));
    const copying = `FROM pg_stat_activity WHERE datname = '${target.name}' AND query LIKE 'COPY public.big%' AND state = 'active'`;
    const sessions = () => source.sql(`SELECT count(*) AS n ${copying}`);
    await expect.poll(sessions).toEqual([{ n: "3" }]);
    await source.sql(`SELECT pg_terminate_backend(${which}(pid)) ${copying}`);
    await gatekeeper.query("SELECT pg_advisory_unlock(4711)");
    const { status, stderr } = await restoring;
    expect(status).toBe(1);
    expect(stderr).toMatch(/restoring TABLE DATA "public\.big" failed: .*(terminating connection|was lost)/);
    await expect.poll(sessions).toEqual([{ n: "0" }]);
    expect(await target.sql("SELECT count(*) AS n FROM big")).toEqual([{ n: "0" }]);
  },
);
