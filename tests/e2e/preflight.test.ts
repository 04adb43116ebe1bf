import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Check } from "../../src/ports/preflight.ts";
import { dbbackup } from "../helpers/dbbackup.ts";
import { connectTo } from "../helpers/dump-to-memory.ts";
import { serverUser } from "../helpers/server-user.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let folder: string;
let database: TestDatabase;
let role: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-preflight-"));
  database = await withDatabase(await sharedServer(18));
  role = `${database.name}_reader`;
  await database.sql(`
    CREATE ROLE ${role} LOGIN;
    CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 10000) i;
    CREATE TABLE "söcret" (x serial);
    SELECT lo_from_bytea(4712, 'x');
    GRANT SELECT ON t TO ${role};
  `);
});

afterAll(async () => {
  await database.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function preflight(...args: readonly string[]) {
  const url = args.includes("--url") ? [] : ["--url", database.url];
  const { status, stdout, stderr } = await dbbackup([
    "preflight",
    database.name,
    ...url,
    "--repo",
    join(folder, "repo"),
    "--json",
    ...args,
  ]);
  const report = JSON.parse(stdout.toString()) as { checks: Check[]; [field: string]: unknown };
  const of = (wanted: Check["status"]) =>
    report.checks?.filter((check) => check.status === wanted).map(({ name, message }) => `${name}: ${message}`);
  return { status, stderr, report, errors: of("error"), warnings: of("warning") };
}

test("where nothing is wrong it says so, with sizes, and leaves nothing behind", async () => {
  const { status, stderr, report, errors, warnings } = await preflight();
  expect({ status, stderr, errors, warnings }).toEqual({ status: 0, stderr: "", errors: [], warnings: [] });
  expect(report).toMatchObject({ status: "ok", database: database.name, user: "postgres" });
  expect(report.data_bytes).toBeGreaterThan(400_000);
  expect(report.database_bytes).toBeGreaterThan(report.data_bytes as number);
  expect(report.free_bytes).toBeGreaterThan(0);
  expect(report.repository).toMatchObject({ location: join(folder, "repo"), protection: "none", left: [] });
  expect(report.not_included).toContainEqual(expect.objectContaining({ kind: "roles" }));
  expect(readdirSync(join(folder, "repo"))).toEqual([]);
});

test("for people the verdict stands last", async () => {
  const { status, stdout } = await dbbackup([
    "preflight",
    database.name,
    "--url",
    database.url,
    "--repo",
    join(folder, "repo"),
  ]);
  expect(status).toBe(0);
  expect(stdout.toString()).toMatch(/^ok {7}connection {2}PostgreSQL 18.* as "postgres", a superuser\n/);
  expect(stdout.toString()).toMatch(/will not hold:\n[\s\S]*roles?[\s\S]*\na backup can be made\n$/);
});

test("a role without rights is told which, and what to grant", async () => {
  const url = databaseUrl(database.server, database.name, role);
  const { status, report, errors } = await preflight("--url", url);
  expect(status).toBe(1);
  expect(errors).toEqual([
    "rights: no right to SELECT from 1 table",
    "rights: no right to SELECT from 1 sequence",
    "rights: no right to SELECT from 1 large object",
  ]);
  expect(report.checks.find(({ status: found }) => found === "error")).toMatchObject({
    details: ["public.söcret"],
    hint: expect.stringContaining("pg_read_all_data"),
  });
});

test("row security and locks are found", async () => {
  await database.sql(`ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role};
    GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role}; GRANT SELECT ON LARGE OBJECT 4712 TO ${role}`);
  const hidden = await preflight("--url", databaseUrl(database.server, database.name, role));
  expect(hidden.errors).toEqual(["rights: row security would hide rows from this user in 1 table"]);
  await using holder = await connectTo(database.server, database.name);
  await holder.query("BEGIN; LOCK TABLE t");
  const locked = await preflight();
  expect(locked.warnings).toEqual(["locks: tables are locked against reading now, a backup would wait for them: 1"]);
  expect(locked.status).toBe(0);
});

test("a repository that cannot be written is an error of the preflight, not its end", async () => {
  writeFileSync(join(folder, "file"), "");
  const { stdout, status } = await dbbackup([
    "preflight",
    database.name,
    "--url",
    database.url,
    "--repo",
    join(folder, "file"),
    "--json",
  ]);
  const { checks } = JSON.parse(stdout.toString()) as { checks: Check[] };
  expect(status).toBe(1);
  expect(checks.find(({ name }) => name === "repository")).toMatchObject({
    status: "error",
    message: expect.stringContaining("not a folder"),
  });
});

test("an unknown database is what the server says", async () => {
  const { status, stdout } = await dbbackup(["preflight", "nothing_here", "--url", database.url, "--json"]);
  expect(status).toBe(1);
  expect(JSON.parse(stdout.toString()).error).toMatchObject({ sql_state: "3D000" });
});

test("servers of version 10 are looked at too", async () => {
  await using old = await withDatabase(await sharedServer(10));
  const { status, stdout } = await dbbackup([
    "preflight",
    old.name,
    "--url",
    old.url,
    "--repo",
    join(folder, "repo"),
    "--json",
  ]);
  expect([status, JSON.parse(stdout.toString()).checks.map((check: Check) => check.status)]).toEqual([
    0,
    Array(9).fill("ok"),
  ]);
});

test("a folder is tried without a database", async () => {
  const repo = join(folder, "alone");
  const { status, stdout } = await dbbackup(["preflight", "--repo", repo, "--json"]);
  const { checks, ...report } = JSON.parse(stdout.toString());
  expect([status, checks.map(({ name, status: found }: Check) => `${name} ${found}`)]).toEqual([
    0,
    ["repository ok", "create-only ok", "clock ok", "protection ok"],
  ]);
  expect(report).toEqual({
    status: "ok",
    free_bytes: expect.any(Number),
    repository: {
      location: repo,
      left: [],
      protection: "none",
      latency_ms: expect.any(Number),
      write_bytes_per_second: expect.any(Number),
      read_bytes_per_second: expect.any(Number),
      clock_ahead_ms: expect.any(Number),
    },
  });
  expect(readdirSync(repo)).toEqual([]);
  const told = await dbbackup(["preflight", "--repo", repo]);
  expect(told.stdout.toString()).toMatch(
    /^ok {7}repository [\s\S]*\n +speed +small reads .*\n\nbackups can be written there\n$/,
  );
});

test("a folder that may not be written into is an error, also for a user who may read it", async () => {
  const repo = join(folder, "closed");
  mkdirSync(repo);
  chmodSync(folder, 0o755);
  chmodSync(repo, 0o555);
  const { status, stdout } = await dbbackup(["preflight", "--repo", repo, "--json"], {
    ...serverUser(),
    env: { HOME: repo },
  });
  const { checks, repository } = JSON.parse(stdout.toString());
  expect([status, checks, repository.left]).toEqual([
    1,
    [
      expect.objectContaining({
        name: "repository",
        status: "error",
        message: expect.stringContaining("permission denied"),
      }),
    ],
    [],
  ]);
});

test("somebody must say what is to be looked at", async () => {
  const { status, stderr } = await dbbackup(["preflight"]);
  expect([status, stderr.toString()]).toEqual([2, expect.stringContaining("name a database, or a repository")]);
});
