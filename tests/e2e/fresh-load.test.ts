import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseContents } from "../helpers/database-contents.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { withRoles } from "../helpers/test-roles.ts";

/** Large enough to be worth it, by far; with values beside the table. */
const content = `
  CREATE FUNCTION passes(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
  CREATE TABLE big (id int CHECK (passes(id)), t text);
  INSERT INTO big SELECT i, repeat(md5(i::text), 3) FROM generate_series(1, 60000) i;
  INSERT INTO big SELECT 0, string_agg(md5(i::text), '') FROM generate_series(1, 30000) i;
  ALTER TABLE big ALTER t SET STORAGE EXTERNAL;
  CREATE TABLE small AS SELECT 1 AS x;`;
const rowsMegabytes = 6;

let server: PostgresServer;
let source: TestDatabase;
let folder: { readonly path: string } & AsyncDisposable;
beforeAll(async () => {
  server = await startServer({
    major: 18,
    settings: { wal_level: "minimal", max_wal_senders: "0", deadlock_timeout: "50ms" },
  });
  source = await withDatabase(server);
  await source.sql(content);
  folder = await withTemporaryFolder();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

async function backup(name: string, body = ""): Promise<string> {
  await source.sql(
    `CREATE OR REPLACE FUNCTION passes(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN true; END $$`,
  );
  const archive = join(folder.path, name);
  const output = [`--output=${archive}`, "--compression=none"];
  await mustDbbackup(["backup", "single", source.name, `--url=${source.url}`, ...output]);
  return archive;
}

function restoreArgs(archive: string, target: TestDatabase, ...more: string[]): string[] {
  return ["restore", "single", archive, `--target=${target.name}`, `--url=${target.url}`, ...more];
}

/** Megabytes of log that something takes. */
async function logged(work: () => Promise<unknown>): Promise<number> {
  const position = async () => (await server.sql("SELECT pg_current_wal_insert_lsn() AS lsn"))[0]!.lsn;
  const before = await position();
  await work();
  return Number((await server.sql(`SELECT (pg_current_wal_insert_lsn() - '${before}') / 1e6 AS n`))[0]!.n);
}

test.each(["1", "2"])(
  "rows of a table that was just created are stored frozen and not logged: --jobs %s",
  async (jobs) => {
    const archive = await backup(`whole-${jobs}.dump`);
    await using target = await withDatabase(server);
    const megabytes = await logged(() => mustDbbackup(restoreArgs(archive, target, `--jobs=${jobs}`)));
    expect(megabytes).toBeLessThan(rowsMegabytes / 3);
    await target.sql("CREATE EXTENSION pg_visibility");
    // Where a value has grown the file, pages are not as new to the server as they are.
    const [share] = await target.sql(
      "SELECT all_frozen / (pg_relation_size('big') / 8192.0) AS n FROM pg_visibility_map_summary('big')",
    );
    expect(Number(share!.n)).toBeGreaterThan(0.98);
    await target.sql("DROP EXTENSION pg_visibility");
    expect(await databaseContents(server, target.name)).toEqual(await databaseContents(server, source.name));
  },
);

test("rows that go to a table which was there before are added to what it holds, and are logged", async () => {
  const archive = await backup("added.dump");
  await using target = await withDatabase(server);
  await mustDbbackup(restoreArgs(archive, target));
  await target.sql("DELETE FROM big WHERE id > 5");
  const add = () => mustDbbackup(restoreArgs(archive, target, "--data-only", "--table=big", "--confirm"));
  expect(await logged(add)).toBeGreaterThan(rowsMegabytes);
  expect(await target.sql("SELECT count(*) AS n FROM big")).toEqual([{ n: "60007" }]);
});

test("a row that the server refuses: none are there, and everything else", async () => {
  const archive = await backup("refused.dump", "IF $1 = 59999 THEN RAISE EXCEPTION 'not this one'; END IF;");
  await using target = await withDatabase(server);
  const { status, stdout } = await dbbackup(restoreArgs(archive, target, "--on-error=continue"));
  expect(status).toBe(3);
  expect(stdout.toString()).toMatch(/TABLE DATA "public\.big".*\n?.*not this one/);
  expect(await target.sql("SELECT (SELECT count(*) FROM big) AS big, (SELECT count(*) FROM small) AS small")).toEqual([
    { big: "0", small: "1" },
  ]);
});

/** A function that reads another table for one row. */
const reads = (other: string) => `LANGUAGE plpgsql AS $$ BEGIN
  IF $1 = 20000 THEN PERFORM pg_sleep(0.2), count(*) FROM public.${other} WHERE id = 0; END IF; RETURN true; END $$`;

test("tables whose checks read each other arrive, though each is locked while it is loaded", async () => {
  await using tangled = await withDatabase(server);
  for (const name of ["a", "b"]) {
    await tangled.sql(`
      CREATE FUNCTION ${name}_passes(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
      CREATE TABLE ${name} (id int CHECK (${name}_passes(id)), t text);
      INSERT INTO ${name} SELECT i, md5(i::text) FROM generate_series(1, 40000) i`);
  }
  for (const [name, other] of [
    ["a", "b"],
    ["b", "a"],
  ] as const) {
    await tangled.sql(`CREATE OR REPLACE FUNCTION ${name}_passes(int) RETURNS boolean ${reads(other)}`);
  }
  const archive = join(folder.path, "tangled.dump");
  await mustDbbackup(["backup", "single", tangled.name, `--url=${tangled.url}`, `--output=${archive}`]);
  await using target = await withDatabase(server);
  await mustDbbackup(restoreArgs(archive, target, "--jobs=2"));
  expect(await target.sql("SELECT (SELECT count(*) FROM a) AS a, (SELECT count(*) FROM b) AS b")).toEqual([
    { a: "40000", b: "40000" },
  ]);
  expect(await server.logText()).toMatch(/deadlock detected/);
});

test("who may add rows but not empty the table loads them all the same", async () => {
  await using roles = await withRoles(server, ["fresh_load_owner", "fresh_load_other"]);
  const [owner, other] = roles.quoted;
  await source.sql(`ALTER TABLE big OWNER TO ${owner}`);
  const archive = await backup("allowed.dump");
  await source.sql("ALTER TABLE big OWNER TO postgres");
  await using target = await withDatabase(server);
  // The new owner's rights are not the restoring role's, but everybody may add rows.
  await target.sql(`
    GRANT ALL ON SCHEMA public TO ${owner}, ${other};
    ALTER ROLE ${other} LOGIN;
    GRANT ${owner} TO ${other} WITH INHERIT FALSE, SET TRUE;
    ALTER DEFAULT PRIVILEGES FOR ROLE ${other} GRANT INSERT ON TABLES TO PUBLIC`);
  const url = target.url.replace("postgres@", `${other!.replaceAll('"', "")}@`);
  const how = [`--url=${url}`, "--confirm", "--on-error=continue"];
  const { stdout } = await dbbackup(["restore", "single", archive, `--target=${target.name}`, ...how]);
  expect(stdout.toString()).not.toMatch(/TABLE DATA|TABLE "public\.big"/);
  expect(
    await target.sql(
      "SELECT count(*) AS n, min(relowner::regrole::text) AS owner FROM big, pg_class WHERE oid = 'big'::regclass",
    ),
  ).toEqual([{ n: "60001", owner: owner!.replaceAll('"', "") }]);
  await target.sql(`DROP OWNED BY ${owner}, ${other}`);
});
