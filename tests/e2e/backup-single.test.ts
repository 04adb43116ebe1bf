import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readMetadata } from "../../src/core/metadata/read-metadata.ts";
import { dbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let folder: string;
let database: TestDatabase;
let login: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-backup-"));
  database = await withDatabase(await sharedServer(18));
  await database.sql(`
    CREATE SCHEMA shop;
    CREATE TABLE shop.customers (id int PRIMARY KEY, name text NOT NULL);
    INSERT INTO shop.customers SELECT i, 'customer ' || i FROM generate_series(1, 5000) i;
    CREATE TABLE shop.empty (x int);
    SELECT lo_from_bytea(4711, convert_to(repeat('large', 10000), 'UTF8'));
  `);
  login = ["--url", database.url];
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

function backup(...args: readonly string[]) {
  return dbbackup(["backup", "single", database.name, ...login, ...args]);
}

test("a backup is a file, its metadata, and nothing else; stock pg_restore reads it", async () => {
  const repo = join(folder, "repo");
  const { status, stdout, stderr } = await backup("--repo", repo, "--json", "--progress", "none");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const printed = JSON.parse(stdout.toString());
  const names = readdirSync(repo).toSorted();
  expect(names).toEqual([printed.backup_file, `${printed.backup_file}.meta.json`]);
  const bytes = readFileSync(join(repo, names[0]!));
  const metadata = readMetadata(readFileSync(join(repo, names[1]!), "utf8"), "stored");
  expect(metadata).toEqual(printed);
  expect(metadata).toMatchObject({
    database: database.name,
    format: "custom",
    compression: "gzip-4",
    archive_version: "1.16",
    size_bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    host: "127.0.0.1",
    user: "postgres",
  });
  expect(metadata.consistency?.snapshot_lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
  expect(metadata.objects).toEqual([
    expect.objectContaining({ type: "table", schema: "shop", name: "customers", rows: 5000 }),
    { type: "table", schema: "shop", name: "empty", rows: 0, bytes: 0, checksum: "0".repeat(32) },
    { type: "large-objects", rows: 1, bytes: 50_000 },
  ]);
  for (const name of names) expect(statSync(join(repo, name)).mode & 0o777).toBe(0o600);

  await using copy = await withDatabase(database.server);
  const restored = await stock(18).run("pg_restore", ["-d", copy.url, join(repo, names[0]!)]);
  expect(restored).toMatchObject({ status: 0, stderr: "" });
  const same = "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM shop.customers t";
  expect(await copy.sql(same)).toEqual(await database.sql(same));
  expect(await copy.sql("SELECT md5(lo_get(4711))")).toEqual(await database.sql("SELECT md5(lo_get(4711))"));
});

test("a second backup in the same second gets another name", async () => {
  const repo = join(folder, "twice");
  const results = await Promise.all([1, 2, 3].map(() => backup("--repo", repo)));
  expect(results.map((result) => result.status)).toEqual([0, 0, 0]);
  expect(readdirSync(repo).filter((name) => name.endsWith(".meta.json"))).toHaveLength(3);
});

test("two dumps of an idle database differ in nothing but the time of day", async () => {
  const [a, b] = ["a.dump", "b.dump"].map((name) => join(folder, name));
  expect((await backup("--output", a!)).status).toBe(0);
  expect((await backup("--output", b!)).status).toBe(0);
  const [first, second] = [readFileSync(a!), readFileSync(b!)];
  expect(first.length).toBe(second.length);
  // Seven integers of five bytes behind magic, version, sizes, format and compression.
  const time = { from: 12, to: 12 + 7 * 5 };
  first.fill(0, time.from, time.to);
  second.fill(0, time.from, time.to);
  expect(first.equals(second)).toBe(true);
});

test("plain scripts load with stock psql, compressed or on stdout", async () => {
  const file = join(folder, "plain.sql.gz");
  const args = ["--format", "plain", "--restrict-key", "abc123"];
  expect((await backup(...args, "--compression", "gzip:6", "--output", file)).status).toBe(0);
  const streamed = await backup(...args, "--output", "-");
  expect(streamed.status).toBe(0);
  const script = gunzipSync(readFileSync(file));
  expect(script.equals(streamed.stdout)).toBe(true);
  const metadata = readMetadata(readFileSync(`${file}.meta.json`, "utf8"), "stored");
  expect(metadata.artifacts[0]).toMatchObject({
    plain_size: script.length,
    plain_sha256: createHash("sha256").update(script).digest("hex"),
  });
  await using copy = await withDatabase(database.server);
  const loaded = await stock(18).run("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", copy.url], { input: script });
  expect(loaded).toMatchObject({ status: 0, stderr: "" });
  expect(await copy.sql("SELECT count(*) FROM shop.customers")).toEqual([{ count: "5000" }]);
});

test.each(["none", "gzip:9", "zstd", "lz4"])("stock pg_restore reads compression %s", async (compression) => {
  const file = join(folder, `${compression.replace(":", "")}.dump`);
  expect((await backup("--compression", compression, "--output", file)).status).toBe(0);
  const { status, stdout } = await stock(18).run("pg_restore", ["-f", "-", file]);
  expect(status).toBe(0);
  expect(stdout.toString().match(/^\d+\tcustomer \d+$/gm)).toHaveLength(5000);
});

test.each([
  ["an unknown database", ["backup", "single", "nowhere"], 1, /database "nowhere" does not exist/],
  ["an impossible compression", ["backup", "single", "x", "--compression", "zip"], 2, /unknown compression "zip"/],
  ["a level that does not exist", ["backup", "single", "x", "--compression", "gzip:12"], 2, /gzip:1 to gzip:9/],
  ["an archive version that does not exist", ["backup", "single", "postgres", "--archive-version", "1.9"], 2, /1.14/],
  [
    "a script with an archive version",
    ["backup", "single", "x", "-F", "plain", "--archive-version", "1.14"],
    2,
    /script/,
  ],
  ["an archive with a restrict key", ["backup", "single", "x", "--restrict-key", "k"], 2, /scripts only/],
  ["stdout for two things", ["backup", "single", "x", "--json", "--output", "-"], 2, /stdout/],
  ["no database name", ["backup", "single"], 2, /DB/],
])("refuses %s", async (_, args, status, reason) => {
  const repo = join(folder, "untouched");
  const result = await dbbackup([...args, ...login, ...(args.includes("--output") ? [] : ["--repo", repo])]);
  expect(result.stderr).toMatch(reason);
  expect(result.status).toBe(status);
  expect(readdirSync(folder)).not.toContain("untouched.dump");
});

test("an object that nobody knows to dump is named before anything is written", async () => {
  await using odd = await withDatabase(database.server);
  // As a server of the future may have it: a kind of type that nobody knows yet.
  await odd.sql(`CREATE TYPE public."od""d" AS ENUM ('a'); UPDATE pg_type SET typtype = 'z' WHERE typname = 'od"d'`);
  const repo = join(folder, "unsupported");
  const { status, stderr } = await dbbackup(["backup", "single", odd.name, "--url", odd.url, "--repo", repo]);
  expect(status).toBe(1);
  expect(stderr).toContain(`type public."od""d"`);
  expect(readdirSync(repo)).toEqual([]);
});

test("what the server holds beyond the backup is in the metadata", async () => {
  const file = join(folder, "not-included.dump");
  await database.sql(`DROP ROLE IF EXISTS "not included"; CREATE ROLE "not included"`);
  expect((await backup("--output", file)).status).toBe(0);
  await database.sql(`DROP ROLE "not included"`);
  const { not_included } = readMetadata(readFileSync(`${file}.meta.json`, "utf8"), "stored");
  const roles = not_included?.find((item) => item.kind === "roles");
  expect(roles?.count).toBeGreaterThanOrEqual(1);
  expect(roles?.hint).toMatch(/create them on the target/);
});

test("an output that exists is left alone", async () => {
  const file = join(folder, "precious.dump");
  writeFileSync(file, "precious");
  const { status, stderr } = await backup("--output", file);
  expect(status).toBe(1);
  expect(stderr).toMatch(/never overwritten/);
  expect(readFileSync(file, "utf8")).toBe("precious");
});

test("a role without rights on a table is told which right is missing, and nothing is left", async () => {
  const repo = join(folder, "denied");
  await database.sql(`DROP ROLE IF EXISTS backup_reader; CREATE ROLE backup_reader LOGIN`);
  const { status, stderr } = await dbbackup([
    "backup",
    "single",
    database.name,
    `--repo=${repo}`,
    `--url=${databaseUrl(database.server, database.name, "backup_reader")}`,
  ]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/permission denied/);
  expect(stderr).toMatch(/hint: grant/i);
  expect(readdirSync(repo)).toEqual([]);
  await database.sql("DROP ROLE backup_reader");
});

test("what a backup reports repeats names without obeying their bytes", async () => {
  await using odd = await withDatabase(database.server, `test_\u001b[2J\nbackup is complete ${process.pid}`);
  const { status, stdout } = await dbbackup(["backup", "single", odd.name, "--url", odd.url, "--repo", folder]);
  expect(status).toBe(0);
  expect(stdout.toString()).toContain(`of "test_\\x1b[2J\\nbackup is complete ${process.pid}" is complete\n`);
});
