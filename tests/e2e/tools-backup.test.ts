import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { type PostgresServer, type ServerAddress, startServer } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { fakeTool, recordingTools, toolsFolder } from "../helpers/tools-folder.ts";

let server: ServerAddress;
let zoo: TestDatabase;
let native: BackupMetadata;
let folder: { readonly path: string } & AsyncDisposable;
let tools: readonly string[];

beforeAll(async () => {
  server = await sharedServer(18);
  zoo = await loadZoo(server);
  folder = await withTemporaryFolder();
  tools = ["--engine", "tools", "--tools-path", await toolsFolder(18)];
  native = await backup([zoo.name, "--url", zoo.url, "--output", join(folder.path, "native.dump")]);
});
afterAll(async () => {
  await zoo?.drop();
  await folder?.[Symbol.asyncDispose]();
});

async function backup(args: readonly string[]): Promise<BackupMetadata> {
  const { stdout } = await mustDbbackup(["backup", "single", "--json", ...args]);
  return JSON.parse(stdout.toString());
}

const comparable = ({ objects = [] }: BackupMetadata): unknown[] =>
  objects.toSorted((a, b) => (`${a.schema}.${a.name}` < `${b.schema}.${b.name}` ? -1 : 1));

describe.each([
  ["custom", "none"],
  ["directory", "zstd"],
  ["plain", "gzip"],
] as const)("format %s", (format, compression) => {
  test("pg_dump's backup has metadata, is verified, and holds the rows of ours", async () => {
    const file = join(folder.path, `zoo.${format}`);
    const shape = ["--format", format, "--compression", compression];
    const metadata = await backup([
      zoo.name,
      "--url",
      zoo.url,
      ...tools,
      ...shape,
      "--jobs",
      format === "directory" ? "3" : "1",
      "--output",
      file,
    ]);
    expect(metadata).toMatchObject({
      engine: { name: "tools", version: expect.stringMatching(/^pg_dump 18\.\d+/) },
      format,
      compression: expect.stringContaining(compression),
      source: native.source,
      row_settings: native.row_settings,
      consistency: { snapshot_lsn: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/), snapshot_xmin: expect.any(String) },
      warnings: [],
    });
    expect(comparable(metadata)).toEqual(comparable(native));
    if (format !== "plain") expect(metadata.archive_version).toBe("1.16");
    const verified = await mustDbbackup(["verify", file, "--json"]);
    expect(JSON.parse(verified.stdout.toString())).toMatchObject([{ status: "ok" }]);
  });
});

test("standard output takes it, and show names the engine", async () => {
  await using own = await withTemporaryFolder();
  const file = join(own.path, "t.sql");
  const { stdout } = await mustDbbackup([
    "backup",
    "single",
    zoo.name,
    "--url",
    zoo.url,
    ...tools,
    "-F",
    "p",
    "-s",
    "-f",
    "-",
  ]);
  expect(stdout.toString()).toContain("-- PostgreSQL database dump");
  await mustDbbackup(["backup", "single", zoo.name, "--url", zoo.url, ...tools, "-F", "p", "-s", "-f", file]);
  expect((await mustDbbackup(["show", file])).stdout.toString()).toMatch(/^read by {4}pg_dump 18\./m);
});

describe("a server that asks for a password", () => {
  const password = "pl4nted:s\\cret ☃";
  let own: PostgresServer;

  beforeAll(async () => {
    own = await startServer({
      major: 18,
      settings: { password_encryption: "scram-sha-256", max_connections: "20" },
      hba: "local all all trust\nhost all postgres all trust\nhost all all all scram-sha-256",
    });
    await own.sql(`CREATE ROLE backup LOGIN SUPERUSER PASSWORD '${password}'`);
    await own.sql("CREATE TABLE t AS SELECT i FROM generate_series(1, 100) i");
  });
  afterAll(() => own?.stop());

  test("the password reaches pg_dump, and no argument, environment, metadata or log", async () => {
    await using place = await withTemporaryFolder();
    const recorded = await recordingTools(place.path, 18);
    const file = join(place.path, "password");
    await writeFile(file, `${password}\n`, { mode: 0o600 });
    const output = join(place.path, "t.dump");
    const login = [
      "-h",
      "127.0.0.1",
      "-p",
      String(own.port),
      "-U",
      "backup",
      "--password-file",
      file,
      "--ssl-mode",
      "disable",
    ];
    const args = [
      "backup",
      "single",
      "postgres",
      ...login,
      "--engine",
      "tools",
      "--tools-path",
      place.path,
      "--output",
      output,
    ];
    const temporary = await withTemporaryFolder();
    const { stdout, stderr } = await mustDbbackup([...args, "--verbose", "--json", "--progress", "json"], {
      env: { TMPDIR: temporary.path, PGPASSWORD: "ano7her-planted", SOMETHING: "env-plan7ed" },
    });
    const seen = await recorded();
    expect(seen).toContain("passfile=");
    const everything = [seen, stdout.toString(), stderr, await readFile(`${output}.meta.json`, "utf8")].join("\n");
    for (const secret of [password, "pl4nted", "ano7her-planted", "env-plan7ed"])
      expect(everything).not.toContain(secret);
    expect(await readdir(temporary.path)).toEqual([]);
    expect(await readdir(place.path)).toContain("t.dump");
  });

  test("hostile names of databases name databases, and nothing else", async () => {
    for (const name of [
      "-f/x",
      "postgres://127.0.0.1:1/x",
      "dbname=postgres host=127.0.0.2",
      `q"'\\$(id) ü`,
      "two\nlines",
    ]) {
      await using database = await withDatabase(own, name);
      await database.sql("CREATE TABLE here (a int); INSERT INTO here VALUES (1)");
      await using place = await withTemporaryFolder();
      const login = ["-h", own.socketDirectory, "-p", String(own.port), "-U", "postgres"];
      const metadata = await backup([...login, ...tools, "--repo", place.path, "--", name]);
      expect({ database: metadata.database, objects: metadata.objects }).toMatchObject({
        database: name,
        objects: [{ schema: "public", name: "here", rows: 1 }],
      });
    }
  });

  /** A backup that waits for a lock, once its pg_dump does. */
  async function waitingBackup(format: string, repo: string, temporary: string) {
    const login = ["-h", own.socketDirectory, "-p", String(own.port), "-U", "postgres"];
    const args = [
      await builtProgram(),
      "backup",
      "single",
      "postgres",
      ...login,
      ...tools,
      "-F",
      format,
      "--repo",
      repo,
    ];
    const env = { ...process.env, ...foreignVariables, TMPDIR: temporary };
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    const stderr: Buffer[] = [];
    child.stderr.on("data", (bytes: Buffer) => stderr.push(bytes));
    await expect.poll(waitingTools).toBe(1);
    return { child, stderr: () => Buffer.concat(stderr).toString() };
  }
  const waitingTools = async () => {
    const [row] = await own.sql(
      "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name LIKE 'dbbackup %' AND wait_event_type = 'Lock'",
    );
    return Number(row!.n);
  };
  const sessions = async () => {
    const [row] = await own.sql("SELECT count(*) AS n FROM pg_stat_activity WHERE application_name LIKE 'dbbackup %'");
    return Number(row!.n);
  };

  test("Ctrl-C and kill -9 end pg_dump and its workers, too", async () => {
    const format = "directory";
    await using repo = await withTemporaryFolder();
    await using temporary = await withTemporaryFolder();
    const { PgConnection } = await import("../../src/wire/postgres/connection.ts");
    const { specOf } = await import("../helpers/compare-test-databases.ts");
    await using locker = await PgConnection.connect(specOf({ server: own, name: "postgres" }));
    await locker.query("BEGIN");
    await locker.query("LOCK TABLE t IN ACCESS EXCLUSIVE MODE");

    const interrupted = await waitingBackup(format, repo.path, temporary.path);
    interrupted.child.kill("SIGINT");
    const [status] = await once(interrupted.child, "close");
    expect({ status, stderr: interrupted.stderr().split("\n").at(-2) }).toEqual({
      status: 130,
      stderr: "dbbackup: error: interrupted by SIGINT",
    });
    expect(await readdir(repo.path)).toEqual([]);
    expect(await readdir(temporary.path)).toEqual([]);
    await expect.poll(sessions).toBe(0);

    const killed = await waitingBackup(format, repo.path, temporary.path);
    killed.child.kill("SIGKILL");
    await once(killed.child, "close");
    // The guard of the tool ends it, and removes the password.
    await expect.poll(sessions).toBe(0);
    await expect.poll(() => readdir(temporary.path)).toEqual([]);
    await locker.query("ROLLBACK");
    const login = ["-h", own.socketDirectory, "-p", String(own.port), "-U", "postgres"];
    await mustDbbackup(["backup", "single", "postgres", ...login, ...tools, "-F", format, "--repo", repo.path]);
    const names = await readdir(repo.path);
    expect(names.filter((name) => name.startsWith(".tmp-"))).toEqual([]);
    expect(names).toHaveLength(2);
  });
});

describe("refused before anything is written", () => {
  test("tools that are missing, or older than the server", async () => {
    await using place = await withTemporaryFolder();
    await using repo = await withTemporaryFolder();
    const args = ["backup", "single", zoo.name, "--url", zoo.url, "--repo", repo.path, "--engine", "tools"];
    const missing = await dbbackup([...args, "--tools-path", place.path]);
    expect(missing).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`there is no pg_dump in "${place.path}"`),
    });
    expect(missing.stderr).toContain("postgresql-client-18");
    await fakeTool(place.path, "pg_dump", "17.12");
    const { status, stderr } = await dbbackup(args, { env: { PATH: `relative:${place.path}` } });
    expect(status).toBe(1);
    expect(stderr).toContain("there is no pg_dump on PATH of version 18 or newer, as the server's is");
    expect(stderr).toContain(`${join(place.path, "pg_dump")} is version 17.12`);
    expect(await readdir(repo.path)).toEqual([]);
  });

  test.each([
    [["--max-rate", "1M"], "--max-rate"],
    [["--jobs", "2"], "--jobs"],
    [["--format", "directory", "--resumable", "--snapshot", "x"], "--resumable"],
  ])("%j", async (more, named) => {
    const { status, stderr } = await dbbackup(["backup", "single", zoo.name, "--url", zoo.url, ...tools, ...more]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(`"${named}.*--engine tools`) });
  });

  test("a connection that stock tools cannot be given", async () => {
    const key = Buffer.alloc(32).toString("base64");
    const url = `host=127.0.0.1 port=${server.port} user=postgres scram_client_key=${key} scram_server_key=${key}`;
    const { status, stderr } = await dbbackup(["backup", "single", zoo.name, "--url", url, ...tools]);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining("scram_client_key cannot be given"),
    });
  });
});

const auto = async () => ["--engine", "auto", "--tools-path", await toolsFolder(18)];

describe("--engine auto", () => {
  /** As a server of the future may have it: an object in a catalogue that we do not know. */
  const unknownObject = `INSERT INTO pg_depend SELECT 'pg_aggregate'::regclass, 90001, 0, 'pg_namespace'::regclass, 2200, 0, 'n'`;

  test("is native where that can do it", async () => {
    const metadata = await backup([
      zoo.name,
      "--url",
      zoo.url,
      ...(await auto()),
      "-s",
      "-f",
      join(folder.path, "auto"),
    ]);
    expect(metadata.engine).toBeUndefined();
  });

  test("falls back for an object that is not known, and says so", async () => {
    await using database = await withDatabase(server);
    await using place = await withTemporaryFolder();
    await database.sql(`CREATE TABLE t AS SELECT 1 AS a; ${unknownObject}`);
    const output = join(place.path, "x");
    const args = [database.name, "--url", database.url, "--output", output];
    expect(await dbbackup(["backup", "single", ...args])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("pg_aggregate 90001"),
    });
    const metadata = await backup([...args, ...(await auto())]);
    expect(metadata).toMatchObject({
      engine: { name: "tools" },
      objects: [{ name: "t", rows: 1 }],
      warnings: [
        "--engine auto falls back to the server's own programs: the database has an object that cannot be backed up yet",
      ],
    });
  });

  test("says both reasons where the tools cannot help", async () => {
    await using database = await withDatabase(server);
    await using place = await withTemporaryFolder();
    await database.sql(unknownObject);
    const args = [
      "backup",
      "single",
      database.name,
      "--url",
      database.url,
      "--repo",
      join(place.path, "repo"),
      "--engine",
      "auto",
    ];
    const missing = await dbbackup([...args, "--tools-path", place.path]);
    expect(missing).toMatchObject({ status: 1, stderr: expect.stringContaining("that cannot be backed up yet") });
    expect(missing.stderr).toContain("--engine auto cannot fall back: there is no pg_dump in");
    const refused = await dbbackup([...args, "--tools-path", await toolsFolder(18), "--max-rate", "1M"]);
    expect(refused.stderr).toContain('--engine auto cannot fall back: "--max-rate" does not go with --engine tools');
  });

  test("does not fall back for what is wrong with data or rights", async () => {
    await using database = await withDatabase(server);
    await database.sql(`CREATE TABLE c AS SELECT 1 AS a; UPDATE pg_class SET relfilenode = 1 WHERE relname = 'c'`);
    const args = ["backup", "single", database.name, "--url", database.url, "--output", join(folder.path, "never")];
    const { status, stderr } = await dbbackup([...args, ...(await auto())]);
    expect(status).toBe(1);
    expect(stderr).not.toContain("falls back");
  });
});

test("what pg_dump says is an error of ours", async () => {
  const { status, stderr } = await dbbackup([
    "backup",
    "single",
    zoo.name,
    "--url",
    zoo.url,
    ...tools,
    "--table",
    "nothing.like",
    "--strict-names",
  ]);
  expect(status).toBe(1);
  expect(stderr).toContain("error: pg_dump: no matching tables were found");
});
