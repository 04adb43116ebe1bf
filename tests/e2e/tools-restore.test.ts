import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PgConnection } from "../../src/wire/postgres/connection.ts";
import { builtProgram } from "../helpers/built-program.ts";
import { specOf } from "../helpers/compare-test-databases.ts";
import { type DatabaseContents, databaseContents } from "../helpers/database-contents.ts";
import { dbbackup, foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { fakeTool, recordingTools, toolsFolder } from "../helpers/tools-folder.ts";
import { zooTolerance } from "../helpers/zoo-tolerance.ts";

let server: ServerAddress;
let zoo: TestDatabase;
let source: DatabaseContents;
let folder: { readonly path: string } & AsyncDisposable;
let tools: readonly string[];

beforeAll(async () => {
  server = await sharedServer(18);
  zoo = await loadZoo(server);
  folder = await withTemporaryFolder();
  tools = ["--engine", "tools", "--tools-path", await toolsFolder(18)];
  source = await databaseContents(server, zoo.name, zooTolerance);
});
afterAll(async () => {
  await zoo?.drop();
  await folder?.[Symbol.asyncDispose]();
});

const into = ({ name, url }: TestDatabase): readonly string[] => ["--target", name, "--url", url];

async function backup(database: TestDatabase, file: string, ...more: readonly string[]): Promise<string> {
  const path = join(folder.path, file);
  await mustDbbackup(["backup", "single", database.name, "--url", database.url, "--output", path, ...more]);
  return path;
}

test("our backup of all kinds of objects is restored by pg_restore", async () => {
  const file = await backup(zoo, "zoo", "--format", "directory");
  await using target = await withDatabase(server);
  const { stdout } = await mustDbbackup([
    "restore",
    "single",
    file,
    ...into(target),
    ...tools,
    "--jobs",
    "2",
    "--json",
  ]);
  expect(await databaseContents(server, target.name, zooTolerance)).toEqual(source);
  const { result } = JSON.parse(stdout.toString());
  expect(result).toMatchObject({ target: target.name, failed: 0, engine: { name: "tools" } });
  expect(result.engine.version).toMatch(/^pg_restore 18/);
  expect(result.rows).toBeGreaterThan(4000);
});

test("our script is restored by psql, also a compressed one", async () => {
  await using database = await withDatabase(server);
  await using target = await withDatabase(server);
  await database.sql("CREATE TABLE t AS SELECT i, md5(i::text) AS h FROM generate_series(1, 50000) i");
  const file = await backup(database, "script", "--format", "plain", "--compression", "gzip");
  const { stdout } = await mustDbbackup(["restore", "single", file, ...into(target), ...tools, "--json"]);
  const { result } = JSON.parse(stdout.toString());
  expect(result).toMatchObject({
    failed: 0,
    isUncounted: true,
    engine: { version: expect.stringMatching(/^psql 18/) },
  });
  const sum = "SELECT count(*) AS n, md5(string_agg(h, '' ORDER BY i)) AS sum FROM t";
  expect(await target.sql(sum)).toEqual(await database.sql(sum));
});

test("it creates the database that it was, and no other", async () => {
  await using database = await withDatabase(server);
  await database.sql("CREATE TABLE t AS SELECT 1 AS a");
  const file = await backup(database, "created.dump");
  await database.drop();
  const login = ["--url", databaseUrl(server, "postgres"), ...tools, "--create"];
  const other = await dbbackup(["restore", "single", file, ...login, "--target", "other"]);
  expect(other).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('"--target" does not go with --engine tools'),
  });
  await mustDbbackup(["restore", "single", file, ...login]);
  expect(await database.sql("SELECT a FROM t")).toEqual([{ a: "1" }]);
});

test("names mean what they mean natively: a table comes with what hangs on it", async () => {
  await using database = await withDatabase(server);
  await database.sql(`CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE other (a int);
    CREATE INDEX i ON t ((a + 1)); COMMENT ON TABLE t IS 'x'`);
  const file = await backup(database, "part.dump");
  for (const engine of [tools, []]) {
    await using target = await withDatabase(server);
    await mustDbbackup(["restore", "single", file, ...into(target), ...engine, "--table", "t"]);
    const found = await target.sql(
      "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    );
    expect(found.map(({ relname }) => relname)).toEqual(["i", "t", "t_pkey"]);
    expect(await target.sql("SELECT a FROM t")).toEqual([{ a: "1" }]);
  }
});

describe("errors", () => {
  let file: string;
  let script: string;
  let database: TestDatabase;
  const failing = `CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not now'' USING HINT = ''later''; END'`;

  beforeAll(async () => {
    database = await withDatabase(server);
    await database.sql(`CREATE TABLE a (x int); CREATE TABLE b (x int);
      INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1), (2), (3)`);
    file = await backup(database, "errors.dump");
    script = await backup(database, "errors.sql", "-F", "plain");
  });
  afterAll(() => database?.drop());

  test.each(["custom", "plain"])("stop at the first, or are counted: %s", async (format) => {
    const taken = format === "custom" ? file : script;
    await using target = await withDatabase(server);
    await target.sql("CREATE TABLE a (x int CHECK (x < 2))");
    if (format === "custom") await target.sql("CREATE TABLE b (x int)");
    const args = ["restore", "single", taken, ...into(target), ...tools, "--confirm"];
    const only = format === "custom" ? ["--data-only", "--on-error", "continue"] : ["--on-error", "continue"];
    const went = await dbbackup([...args, ...only, "--json"]);
    expect(went.status, went.stderr).toBe(3);
    const { result } = JSON.parse(went.stdout.toString());
    expect(result.failed).toBeGreaterThanOrEqual(1);
    expect(result.failures[0]).toMatchObject({ object: expect.stringMatching(/TABLE|line/) });

    await using stopped = await withDatabase(server);
    await stopped.sql(
      `CREATE TABLE a (x int); ${failing}; CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION fails()`,
    );
    const stop = ["restore", "single", taken, ...into(stopped), ...tools, "--confirm"];
    const { status, stderr } = await dbbackup(format === "custom" ? [...stop, "--data-only", "--table", "a"] : stop);
    expect(status).toBe(1);
    expect(stderr).toContain(`database "${stopped.name}" is incomplete`);
    expect(stderr).toContain(format === "custom" ? "not now" : 'relation "a" already exists');
  });

  test("Ctrl-C and kill -9 end pg_restore and its workers", async () => {
    await using target = await withDatabase(server);
    await using temporary = await withTemporaryFolder();
    await target.sql("CREATE TABLE a (x int); CREATE TABLE b (x int)");
    await using locker = await PgConnection.connect(specOf(target));
    await locker.query("BEGIN");
    await locker.query("LOCK TABLE a, b IN ACCESS EXCLUSIVE MODE");
    const sessions = async (waiting: string) => {
      const [row] = await zoo.sql(
        `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = '${target.name}' AND application_name = 'dbbackup restore' ${waiting}`,
      );
      return Number(row!.n);
    };
    const args = ["restore", "single", file, ...into(target), ...tools, "--confirm", "--data-only", "--jobs", "2"];
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const env = { ...process.env, ...foreignVariables, TMPDIR: temporary.path };
      const child = spawn(process.execPath, [await builtProgram(), ...args], { env, stdio: "ignore" });
      await expect.poll(() => sessions("AND wait_event_type = 'Lock'")).toBeGreaterThanOrEqual(1);
      child.kill(signal);
      const [status] = await once(child, "close");
      expect(status).toBe(signal === "SIGINT" ? 130 : null);
      await expect.poll(() => sessions("")).toBe(0);
      await expect.poll(() => readdir(temporary.path)).toEqual([]);
    }
  });

  test("passwords are in no argument and no environment", async () => {
    await using target = await withDatabase(server);
    await using place = await withTemporaryFolder();
    const recorded = await recordingTools(place.path, 18);
    const password = join(place.path, "password");
    await writeFile(password, "pl4nted:secret\n", { mode: 0o600 });
    for (const taken of [file, script]) {
      const args = ["restore", "single", taken, ...into(target), "--engine", "tools", "--tools-path", place.path];
      const more = taken === script ? ["--confirm", "--on-error", "continue"] : [];
      await dbbackup([...args, ...more, "--password-file", password], { env: { PGPASSWORD: "ano7her" } });
    }
    const seen = await recorded();
    expect(seen).toContain("pg_restore");
    expect(seen).toContain("psql");
    expect(seen).toContain("passfile=");
    expect(seen).not.toMatch(/pl4nted|ano7her/);
  });

  test("what strangers may have made is not given to releases that it could attack, and no script to psql", async () => {
    await using target = await withDatabase(server);
    await using place = await withTemporaryFolder();
    const theirs = join(place.path, "theirs.dump");
    await stock(18).must("pg_dump", ["-Fc", `--file=${theirs}`, database.url]);
    await fakeTool(place.path, "pg_restore", "18.6");
    const old = ["--engine", "tools", "--tools-path", place.path];
    const refused = await dbbackup(["restore", "single", theirs, ...into(target), ...old]);
    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("pg_restore 18.6 runs commands that a stranger"),
    });
    expect(refused.stderr).toContain("18.7, 17.12, 16.16, 15.20, 14.25");
    const theirScript = join(place.path, "theirs.sql");
    await stock(18).must("pg_dump", [`--file=${theirScript}`, database.url]);
    const noScript = await dbbackup(["restore", "single", theirScript, ...into(target), ...tools]);
    expect(noScript).toMatchObject({ status: 1, stderr: expect.stringContaining("psql obeys commands") });

    // Ours, but changed since, with sizes as they were.
    const changed = join(place.path, "changed.sql");
    const text = await readFile(script, "utf8");
    await writeFile(changed, text.replace("-- PostgreSQL database dump", "\\! echo hello > /tmp/x --  "));
    await writeFile(
      `${changed}.meta.json`,
      (await readFile(`${script}.meta.json`, "utf8")).replaceAll("errors.sql", "changed.sql"),
    );
    const { status, stderr } = await dbbackup(["restore", "single", changed, ...into(target), ...tools]);
    expect({ status, stderr }).toMatchObject({ status: 1 });
    expect(await target.sql("SELECT count(*) AS n FROM pg_class WHERE relname IN ('a', 'b')")).toEqual([{ n: "0" }]);
  });

  test.each([
    [["--resume"], "--resume"],
    [["--analyze"], "--analyze"],
    [["--file", "x.sql"], "--file"],
  ])("%j is refused", async (more, named) => {
    const target = more[0] === "--file" ? [] : ["--target", "nowhere"];
    const { status, stderr } = await dbbackup([
      "restore",
      "single",
      file,
      ...target,
      "--url",
      zoo.url,
      ...tools,
      ...more,
    ]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(`"${named}.*--engine tools`) });
  });
});
