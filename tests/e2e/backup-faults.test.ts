import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle } from "../../scripts/bundle.ts";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { type Finished, runProgram } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const root = resolve(import.meta.dirname, "../..");
const preload = join(root, "tests/helpers/fault-preload.ts");
let folder: string;
/** Small: its backup is all commit. */
let small: TestDatabase;
/** Large enough to be caught in the middle. */
let large: TestDatabase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-faults-"));
  // It starts several times as fast as the sources, which counts with a hundred runs.
  await bundle(join(folder, "bin"));
  const server = await sharedServer(18);
  small = await withDatabase(server);
  await small.sql("CREATE TABLE t AS SELECT generate_series(1, 10) AS i");
  large = await withDatabase(server);
  await large.sql(`CREATE TABLE big AS SELECT i, md5(i::text) || md5((i + 1)::text) AS a, repeat(md5((i * 7)::text), 8) AS b
    FROM generate_series(1, 250000) i`);
});

afterAll(async () => {
  await small.drop();
  await large.drop();
  rmSync(folder, { recursive: true });
});

const program = (): string => join(folder, "bin/dbbackup.mjs");

function dbbackup(args: readonly string[]): Promise<Finished> {
  return runProgram(process.execPath, [program(), ...args]);
}

function backupOf(database: TestDatabase, repo: string): string[] {
  return ["backup", "single", database.name, "--url", database.url, "--repo", repo, "--progress", "none"];
}

/** Runs a backup of the small database with a fault in its file system calls. */
async function faultyBackup(repo: string, fault: string): Promise<Finished> {
  const args = ["--import", preload, program(), ...backupOf(small, repo)];
  return await runProgram(process.execPath, args, { env: { DBBACKUP_TEST_FAULT: fault } });
}

async function listed(repo: string): Promise<BackupMetadata[]> {
  const { stdout, stderr } = await dbbackup(["list", "--repo", repo, "--json"]);
  expect(stderr.replace(/^dbbackup: there are no backups in .*\n$/, "")).toBe("");
  return JSON.parse(stdout.toString()) as BackupMetadata[];
}

/** Work folders of runs that died before they could be told dead at once are old now. */
function letTimePass(repo: string): void {
  for (const name of readdirSync(repo)) if (name.startsWith(".tmp-")) utimesSync(join(repo, name), 0, 0);
}

/** After faults, a sound run: what is there afterwards are whole backups, and nothing else. */
async function expectTidy(repo: string, killed: number): Promise<number> {
  letTimePass(repo);
  expect((await dbbackup(backupOf(small, repo))).status).toBe(0);
  const backups = await listed(repo);
  const files = backups.flatMap(({ backup_file }) => [backup_file!, `${backup_file}.meta.json`]);
  expect(readdirSync(repo).toSorted()).toEqual(files.toSorted());
  const { status } = await dbbackup(["verify", ...backups.map(({ id }) => id), "--repo", repo]);
  expect(status).toBe(0);
  expect(backups.length - 1).toBeLessThanOrEqual(killed);
  return backups.length - 1;
}

test("kill -9 before each step of a backup leaves it whole or unlisted, and the next run sweeps", {
  timeout: 300_000,
}, async () => {
  const repo = join(folder, "killed");
  mkdirSync(repo);
  const counted = await faultyBackup(repo, "count:any");
  const steps = Number(/calls:(\d+)/.exec(counted.stderr)?.[1]);
  expect(steps).toBeGreaterThan(25);
  const faults = Array.from({ length: steps }, (_, index) => `kill-before:any:${index + 1}`);
  const worker = async (): Promise<void> => {
    for (let fault = faults.shift(); fault !== undefined; fault = faults.shift()) {
      const before = fault;
      const { status, stdout } = await faultyBackup(repo, before);
      expect([before, status, stdout.toString()]).toEqual([before, 137, ""]);
    }
  };
  await Promise.all([worker(), worker()]);
  const survived = (await expectTidy(repo, steps + 1)) - 1;
  // Those that died after the metadata was there, and only those.
  expect(survived).toBeGreaterThan(0);
  expect(survived).toBeLessThan(steps / 2);
});

function start(database: TestDatabase, repo: string): ChildProcess {
  return spawn(process.execPath, [program(), ...backupOf(database, repo)], { stdio: "pipe" });
}

/** Sessions of backups on the test's databases. */
async function sessions(database: TestDatabase, statement = ""): Promise<number> {
  const rows = await database.sql(
    `SELECT 1 FROM pg_stat_activity WHERE datname = '${database.name}' AND application_name LIKE 'dbbackup %'
     AND query LIKE '${statement}%'`,
  );
  return rows.length;
}

test("kill -9 in the middle of the data leaves nothing that is listed", async () => {
  const repo = join(folder, "killed-in-data");
  mkdirSync(repo);
  for (const delay of [0, 10, 20, 40, 60, 80, 120, 160]) {
    const child = start(large, repo);
    await expect.poll(() => sessions(large, "COPY"), { timeout: 20_000, interval: 5 }).toBe(1);
    await sleep(delay);
    child.kill("SIGKILL");
    await once(child, "exit");
    await expect.poll(() => sessions(large), { timeout: 5000 }).toBe(0);
  }
  for (const { size_bytes } of await listed(repo)) expect(size_bytes).toBeGreaterThan(1_000_000);
  await expectTidy(repo, 8);
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s in the middle cancels on the server, leaves nothing, ends with 130",
  async (signal) => {
    const repo = join(folder, signal);
    const child = start(large, repo);
    let stderr = "";
    child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    await expect.poll(() => sessions(large), { timeout: 20_000, interval: 20 }).toBe(1);
    child.kill(signal);
    const [status] = await once(child, "exit");
    expect({ status, stderr }).toEqual({ status: 130, stderr: `dbbackup: error: interrupted by ${signal}\n` });
    expect(readdirSync(repo)).toEqual([]);
    await expect.poll(() => sessions(large), { timeout: 5000 }).toBe(0);
  },
);

test("a connection that the server ends in the middle is an error that says so, and nothing is left", async () => {
  const repo = join(folder, "terminated");
  const running = dbbackup(backupOf(large, repo));
  await expect
    .poll(
      () =>
        large.sql(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = '${large.name}' AND application_name LIKE 'dbbackup %' AND query LIKE 'COPY%'`,
        ),
      { timeout: 20_000, interval: 20 },
    )
    .toHaveLength(1);
  const { status, stderr } = await running;
  expect(status).toBe(1);
  expect(stderr).toMatch(/terminat|connection/);
  expect(stderr).toMatch(/hint: /);
  expect(readdirSync(repo)).toEqual([]);
});

test("two backups of one second do not disturb each other", async () => {
  const repo = join(folder, "together");
  const runs = await Promise.all(Array.from({ length: 4 }, () => dbbackup(backupOf(small, repo))));
  expect(runs.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
  const backups = await listed(repo);
  expect(backups).toHaveLength(4);
  expect(new Set(backups.map(({ backup_file }) => backup_file)).size).toBe(4);
  expect((await dbbackup(["verify", ...backups.map(({ id }) => id), "--repo", repo])).status).toBe(0);
});

test.runIf(process.getuid?.() === 0 && process.platform === "linux")(
  "a full disk in the middle is said, and nothing is left",
  async () => {
    const repo = join(folder, "tiny");
    mkdirSync(repo);
    expect((await runProgram("mount", ["-t", "tmpfs", "-o", "size=3m", "dbbackup-test", repo])).status).toBe(0);
    try {
      const { status, stderr } = await dbbackup(backupOf(large, repo));
      expect(status).toBe(1);
      expect(stderr).toMatch(/no space left on the device[\s\S]*hint: free space there/);
      expect(readdirSync(repo)).toEqual([]);
    } finally {
      expect((await runProgram("umount", [repo])).status).toBe(0);
    }
  },
);

const oddNames = [
  `it's "quoted"`,
  "two\nlines",
  "a\\b\\\\",
  "x; drop table t; --",
  ".hidden",
  "-rf",
  "../../etc/passwd",
  "漢".repeat(21),
  "100%s%n%2F",
  "$HOME `id`",
];

test("databases of odd names are backed up, listed and verified", async () => {
  const repo = join(folder, "names");
  const work = oddNames.map((name) => async () => {
    await using database = await withDatabase(small.server, name);
    await database.sql("CREATE TABLE t AS SELECT 1 AS i");
    const args = ["backup", "single", "--url", small.url, "--repo", repo, "--progress", "none", "--", name];
    const { status, stderr } = await dbbackup(args);
    expect({ name, status, stderr }).toEqual({ name, status: 0, stderr: "" });
  });
  for (const run of work) await run();
  const backups = await listed(repo);
  expect(backups.map(({ database }) => database).toSorted()).toEqual(oddNames.toSorted());
  for (const { backup_file } of backups) {
    expect(backup_file).toMatch(/^[A-Za-z0-9_%][A-Za-z0-9._%-]*_full_\d{8}T\d{6}Z\.dump$/);
  }
  expect(readdirSync(repo)).toHaveLength(2 * oddNames.length);
  const latest = oddNames.map((name) => `latest:${name}`);
  expect((await dbbackup(["verify", ...latest, "--repo", repo])).status).toBe(0);
});
