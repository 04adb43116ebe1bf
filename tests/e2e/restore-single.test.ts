import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { databaseUrl, dropDatabase, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let folder: string;
let database: TestDatabase;
let archive: string;
let login: string;

const contents = "SELECT count(*) AS n, md5(string_agg(t::text, ',' ORDER BY id)) AS hash FROM shop.customers t";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-restore-"));
  database = await withDatabase(await sharedServer(18));
  await database.sql(`
    CREATE SCHEMA shop;
    CREATE TABLE shop.customers (id int PRIMARY KEY, name text NOT NULL);
    INSERT INTO shop.customers SELECT i, 'customer ' || i FROM generate_series(1, 3000) i;
    CREATE TABLE shop.other (x int);
    INSERT INTO shop.other VALUES (1);
    SELECT lo_from_bytea(4711, 'large');
  `);
  archive = join(folder, "shop.dump");
  login = `--url=${database.url}`;
  const made = await dbbackup(["backup", "single", database.name, login, "--output", archive]);
  expect(made).toMatchObject({ status: 0 });
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

function restore(backup: string, target: string, ...args: readonly string[]) {
  return dbbackup(["restore", "single", backup, login, "--target", target, "--progress", "none", ...args]);
}

/** The entry lines of a listing, without its comments. */
function listedEntries(text: string): string[] {
  return text.split("\n").filter((line) => /^\d+;/.test(line));
}

/** A name for a database that the test makes through the program. */
function freshName(): string {
  return `${database.name}_${Math.random().toString(36).slice(2, 8)}`;
}

test("--create makes the database, and everything is there", async () => {
  const target = freshName();
  const { status, stdout, stderr } = await restore(archive, target, "--create", "--json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(JSON.parse(stdout.toString()).result).toMatchObject({
    target,
    created: true,
    rows: 3001,
    largeObjects: 1,
    failed: 0,
  });
  const schema = (name: string) =>
    stock(18).must("pg_dump", ["-s", "--restrict-key=x", "-d", databaseUrl(database.server, name)]);
  expect((await schema(target)).stdout.toString()).toBe((await schema(database.name)).stdout.toString());
  await dropDatabase(database.server, target);
});

test("a target that does not exist ends with 2 and the hint to create it", async () => {
  const { status, stderr } = await restore(archive, freshName());
  expect(status).toBe(2);
  expect(stderr).toMatch(/--create/);
});

test("a target that is not empty is left alone without --confirm, and used with it", async () => {
  await using target = await withDatabase(database.server);
  await target.sql("CREATE TABLE mine (x int); INSERT INTO mine VALUES (42)");
  const refused = await restore(archive, target.name);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(/not empty/);
  expect(refused.stderr).toMatch(/would create TABLE shop\.customers/);
  expect(refused.stderr).toMatch(/--confirm/);
  expect(await target.sql("SELECT count(*) AS n FROM pg_namespace WHERE nspname = 'shop'")).toEqual([{ n: "0" }]);
  expect((await restore(archive, target.name, "--confirm")).status).toBe(0);
  expect(await target.sql(contents)).toEqual(await database.sql(contents));
  expect(await target.sql("SELECT x FROM mine")).toEqual([{ x: "42" }]);
});

test("--dry-run and --list tell and touch nothing", async () => {
  await using target = await withDatabase(database.server);
  const planned = await restore(archive, target.name, "--dry-run");
  expect(planned.status).toBe(0);
  expect(planned.stdout.toString()).toMatch(/create TABLE shop\.customers/);
  expect(planned.stdout.toString()).toMatch(/nothing is in the way/);
  const listed = await restore(archive, target.name, "--list");
  const stocks = await stock(18).must("pg_restore", ["-l", archive]);
  expect(listedEntries(listed.stdout.toString())).toEqual(listedEntries(stocks.stdout.toString()));
  expect(listedEntries(listed.stdout.toString()).length).toBeGreaterThan(5);
  expect(await target.sql("SELECT count(*) AS n FROM pg_namespace WHERE nspname = 'shop'")).toEqual([{ n: "0" }]);
});

test("--table restores one table with its primary key, --schema-only no rows", async () => {
  await using target = await withDatabase(database.server);
  expect((await restore(archive, target.name, "--schema-only")).status).toBe(0);
  expect(await target.sql("SELECT count(*) AS n FROM shop.customers")).toEqual([{ n: "0" }]);
  const again = ["--clean", "--if-exists", "--confirm", "--table", "shop.customers"];
  expect(await restore(archive, target.name, ...again)).toMatchObject({ status: 0 });
  expect(await target.sql(contents)).toEqual(await database.sql(contents));
  expect(await target.sql("SELECT count(*) AS n FROM shop.other")).toEqual([{ n: "0" }]);
});

test("--clean drops partitioned and inherited tables with all that they inherited, as often as one likes", async () => {
  await using source = await withDatabase(database.server);
  await source.sql(`
    CREATE TABLE sales (id int PRIMARY KEY, x int, UNIQUE (x, id)) PARTITION BY RANGE (id);
    CREATE TABLE sales_1 PARTITION OF sales FOR VALUES FROM (1) TO (10) PARTITION BY RANGE (id);
    CREATE TABLE "sales_1 a" PARTITION OF sales_1 FOR VALUES FROM (1) TO (5);
    CREATE INDEX ON sales (x);
    CREATE TABLE bills (id int REFERENCES sales); INSERT INTO sales VALUES (1, 2); INSERT INTO bills VALUES (1);
    CREATE TABLE old (a int); CREATE TABLE old_child (CONSTRAINT positive CHECK (a > 0) NOT VALID) INHERITS (old);
    ALTER TABLE old ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
  `);
  const file = join(folder, "partitions.dump");
  expect((await dbbackup(["backup", "single", source.name, login, "--output", file])).status).toBe(0);
  for (const how of [["--jobs", "4"], ["--single-transaction"], ["--section", "post-data"]]) {
    const clean = ["--clean", "--if-exists", "--confirm", ...how];
    expect(await restore(file, source.name, ...clean)).toMatchObject({ status: 0 });
  }
  expect(await source.sql("SELECT count(*) AS n FROM sales JOIN bills USING (id)")).toEqual([{ n: "1" }]);
});

test("an archive and a script come from standard input", async () => {
  for (const bytes of [readFileSync(archive), (await stock(18).must("pg_dump", ["-d", database.url])).stdout]) {
    await using target = await withDatabase(database.server);
    const { status, stderr } = await dbbackup(
      ["restore", "single", "-", login, "--target", target.name, "--progress", "none"],
      { input: bytes },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(await target.sql(contents)).toEqual(await database.sql(contents));
  }
});

test("--on-error continue counts what failed, ends with 3 and keeps the rest", async () => {
  await using target = await withDatabase(database.server);
  await using source = await withDatabase(database.server);
  await source.sql(`
    CREATE TABLE kept (id int); INSERT INTO kept VALUES (1), (2);
    CREATE FUNCTION checked(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE TABLE refused (id int CHECK (checked(id))); INSERT INTO refused VALUES (1);
    CREATE OR REPLACE FUNCTION checked(int) RETURNS boolean LANGUAGE sql AS 'SELECT false';
  `);
  const file = join(folder, "refused.dump");
  expect((await dbbackup(["backup", "single", source.name, login, "--output", file])).status).toBe(0);
  const stopped = await restore(file, target.name);
  expect(stopped.status).toBe(1);
  expect(stopped.stderr).toMatch(/refused/);
  await using second = await withDatabase(database.server);
  const { status, stdout } = await restore(file, second.name, "--on-error", "continue", "--json");
  expect(status).toBe(3);
  expect(JSON.parse(stdout.toString()).result).toMatchObject({ failed: 1 });
  expect(await second.sql("SELECT count(*) AS n FROM kept")).toEqual([{ n: "2" }]);
});

test("a flipped bit anywhere ends with 1 and a target that is named as not to be used", async () => {
  const bytes = readFileSync(archive);
  // In the definition of a table: no row checksum would see it.
  const at = bytes.indexOf("name text NOT NULL");
  expect(at).toBeGreaterThan(0);
  bytes[at] = bytes[at]! ^ 1;
  const file = join(folder, "flipped.dump");
  writeFileSync(file, bytes);
  writeFileSync(`${file}.meta.json`, readFileSync(`${archive}.meta.json`));
  await using target = await withDatabase(database.server);
  const first = await restore(file, target.name, "--verify-first");
  expect(first.status).toBe(1);
  expect(first.stderr).toMatch(/nothing was touched/);
  const streamed = await restore(file, target.name);
  expect(streamed.status).toBe(1);
  expect(streamed.stderr).toMatch(/SHA-256|incomplete|do not use/);
});

test.each([
  ["a file that is no backup", "package.json", /not|no backup/i, 1],
  ["a file that is not there", "/nonexistent/x.dump", /no file/, 1],
])("refuses %s", async (_, file, reason, status) => {
  await using target = await withDatabase(database.server);
  const result = await restore(file, target.name);
  expect(result.stderr).toMatch(reason);
  expect(result.status).toBe(status);
});

test("contradicting options are refused before anybody is asked", async () => {
  const result = await dbbackup([
    "restore",
    "single",
    archive,
    "--url=postgres://nowhere.invalid",
    "--schema-only",
    "--data-only",
  ]);
  expect(result.status).toBe(2);
  expect(result.stderr).toMatch(/--schema-only.*--data-only|--data-only.*--schema-only/);
});
