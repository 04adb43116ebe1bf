import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { LocalStorage } from "../../src/storage/local/local-storage.ts";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup } from "../helpers/dbbackup.ts";
import { type Finished, runProgram } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const root = resolve(import.meta.dirname, "../..");
const preload = join(root, "tests/helpers/fault-preload.ts");
let folder: string;
/** Small: its backup is all commit. */
let small: TestDatabase;
/** Large enough to be caught in the middle. */
let large: TestDatabase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-faults-"));
  const server = await sharedServer(18);
  small = await withDatabase(server);
  await small.sql("CREATE TABLE t AS SELECT generate_series(1, 10) AS i");
  large = await withDatabase(server);
  await large.sql(`CREATE TABLE big AS SELECT i, md5(i::text) || md5((i + 1)::text) AS a, repeat(md5((i * 7)::text), 8) AS b
    FROM generate_series(1, 100000) i`);
});

afterAll(async () => {
  await small.drop();
  await large.drop();
  rmSync(folder, { recursive: true });
});

function backupOf({ name, url }: Pick<TestDatabase, "name" | "url">, repo: string): string[] {
  return ["backup", "single", name, "--url", url, "--repo", repo, "--progress", "none"];
}

/** Runs a backup of the small database with a fault in its file system calls. */
async function faultyBackup(repo: string, fault: string): Promise<Finished> {
  return await dbbackup(backupOf(small, repo), { env: { DBBACKUP_TEST_FAULT: fault } }, ["--import", preload]);
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
async function expectTidy(repo: string, killed: number): Promise<void> {
  letTimePass(repo);
  expect((await dbbackup(backupOf(small, repo))).status).toBe(0);
  const backups = await listed(repo);
  const files = backups.flatMap(({ backup_file }) => [backup_file!, `${backup_file}.meta.json`]);
  expect(readdirSync(repo).toSorted()).toEqual(files.toSorted());
  const { status } = await dbbackup(["verify", "--no-record", ...backups.map(({ id }) => id), "--repo", repo]);
  expect(status).toBe(0);
  expect(backups.length - 1).toBeLessThanOrEqual(killed);
}

test("kill -9 before each step of a backup leaves it whole or unlisted, once swept", async () => {
  const counted = await faultyBackup(join(folder, "counted"), "count:any");
  const steps = Number(/calls:(\d+)/.exec(counted.stderr)?.[1]);
  expect(steps).toBeGreaterThan(25);
  const waiting = Array.from({ length: steps }, (_, index) => index + 1);
  const whole: string[] = [];
  const worker = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      // Where there are remains of others, to sweep them would be steps too.
      const repo = join(folder, `killed-${step}`);
      const { status, stdout } = await faultyBackup(repo, `kill-before:any:${step}`);
      expect([step, status, stdout.toString()]).toEqual([step, 137, ""]);
      whole.push(...(await sweptBackups(repo)));
    }
  };
  await Promise.all([worker(), worker()]);
  // Those that died after the metadata was there, and only those.
  expect(whole.length).toBeGreaterThan(0);
  expect(whole.length).toBeLessThan(steps / 2);
  expect((await dbbackup(["verify", ...whole])).status).toBe(0);
});

/** What is in a repository once it is swept: whole backups, and nothing else. */
async function sweptBackups(repo: string): Promise<string[]> {
  if (!existsSync(repo)) return [];
  letTimePass(repo);
  await new LocalStorage(repo, { now: () => new Date(), monotonic: () => performance.now() }).sweep();
  const backups = readdirSync(repo).filter((name) => name.endsWith(".dump"));
  expect(readdirSync(repo).toSorted()).toEqual(backups.flatMap((name) => [name, `${name}.meta.json`]).toSorted());
  return backups.map((name) => join(repo, name));
}

/** The large database, read so slowly, and through this process, that its backup is not over before somebody looks. */
async function slowly(): Promise<AsyncDisposable & Pick<TestDatabase, "name" | "url">> {
  const proxy = await TcpProxy.start({ targetPort: large.server.port, delayMs: 2 });
  return {
    name: large.name,
    url: databaseUrl({ ...large.server, port: proxy.port }, large.name),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

async function start(database: Pick<TestDatabase, "name" | "url">, repo: string): Promise<ChildProcess> {
  const program = await builtProgram();
  return spawn(process.execPath, [program, ...backupOf(database, repo)], { stdio: "pipe" });
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
    await using slow = await slowly();
    const child = await start(slow, repo);
    await expect.poll(() => sessions(large, "COPY"), { interval: 5 }).toBeGreaterThan(0);
    await sleep(delay);
    child.kill("SIGKILL");
    await once(child, "exit");
    await expect.poll(() => sessions(large)).toBe(0);
  }
  for (const { size_bytes } of await listed(repo)) expect(size_bytes).toBeGreaterThan(1_000_000);
  await expectTidy(repo, 8);
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s in the middle cancels on the server, leaves nothing, ends with 130",
  async (signal) => {
    const repo = join(folder, signal);
    await using slow = await slowly();
    const child = await start(slow, repo);
    let stderr = "";
    child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    await expect.poll(() => sessions(large), { interval: 20 }).toBe(1);
    child.kill(signal);
    const [status] = await once(child, "exit");
    expect({ status, stderr }).toEqual({ status: 130, stderr: `dbbackup: error: interrupted by ${signal}\n` });
    expect(readdirSync(repo)).toEqual([]);
    await expect.poll(() => sessions(large)).toBe(0);
  },
);

test("a connection that the server ends in the middle is an error that says so, and nothing is left", async () => {
  const repo = join(folder, "terminated");
  await using slow = await slowly();
  const running = dbbackup(backupOf(slow, repo));
  await expect
    .poll(
      () =>
        large.sql(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = '${large.name}' AND application_name LIKE 'dbbackup %' AND query LIKE 'COPY%' LIMIT 1`,
        ),
      { interval: 20 },
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
  expect(runs.map(({ status, stderr }) => (status === 0 ? "" : stderr))).toEqual(["", "", "", ""]);
  const backups = await listed(repo);
  expect(backups).toHaveLength(4);
  expect(new Set(backups.map(({ backup_file }) => backup_file)).size).toBe(4);
  expect((await dbbackup(["verify", "--no-record", ...backups.map(({ id }) => id), "--repo", repo])).status).toBe(0);
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
  expect((await dbbackup(["verify", "--no-record", ...latest, "--repo", repo])).status).toBe(0);
});
