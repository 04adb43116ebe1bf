import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, utimesSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LocalStorage } from "../../src/storage/local/local-storage.ts";
import { builtProgram } from "../helpers/built-program.ts";
import { databaseContents } from "../helpers/database-contents.ts";
import { dbbackup, foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { serverSql, startServer } from "../helpers/postgres-server.ts";
import {
  expectRefused,
  interrupt,
  ResumableBackups,
  removeWorks,
  resumed,
  withFault,
  worksIn,
} from "../helpers/resumable-backups.ts";
import { holdDatabase } from "../helpers/resumable-source.ts";
import { mustRun } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { startStandby } from "../helpers/standby.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { databaseUrl, withDatabase } from "../helpers/test-database.ts";

let backups: ResumableBackups;
beforeAll(async () => {
  backups = await ResumableBackups.begin(await sharedServer(18));
});
afterAll(() => backups?.[Symbol.asyncDispose]());

const jobs = [
  ["--jobs=1"],
  ["--jobs=4", "--split-larger-than=8192"],
  ["--jobs=2", "--split-larger-than=8192", "--inserts"],
  ["--jobs=2", "--archive-version=1.14"],
];

test.each(jobs.flatMap((options) => [1, 2, 3].map((seed) => [options, seed] as const)))(
  "killed with -9 at many moments, and resumed: %j, seed %i",
  async (options, seed) => {
    const repo = backups.path(`killed-${options.join()}-${seed}`);
    const args = backups.args(`--repo=${repo}`, ...options);
    const kills = await backups.killedOften(args, repo, seed * 7919, 12);
    expect(kills).toBeGreaterThan(1);
    const path = readdirSync(repo).find((name) => name.endsWith(".dir"));
    await mustDbbackup(["verify", join(repo, path!)]);
    if (options.length < 3 && !options[1]?.includes("1.14")) backups.expectWhole(join(repo, path!));
    await backups.expectRestorable(join(repo, path!));
    await swept(repo);
  },
);

/** Nothing is left once somebody sweeps, of runs that died when they had finished too: where nothing proves it, later. */
async function swept(repo: string): Promise<void> {
  for (const work of worksIn(repo)) utimesSync(join(repo, work), 0, 0);
  await new LocalStorage(repo, { now: () => new Date(), monotonic: () => performance.now() }).sweep();
  expect(worksIn(repo)).toEqual([]);
}

test("killed before its first steps: it can be resumed, or nothing of it is left", async () => {
  let begun = 0;
  const steps = Array.from({ length: 20 }, (_, index) => 1 + index * 2);
  for (const step of steps) {
    const repo = backups.path(`early-${step}`);
    const args = backups.args(`--repo=${repo}`);
    await interrupt(args, step);
    const { status, stderr } = await dbbackup([...args, "--resume"]);
    if (status === 0) {
      begun += 1;
      const name = readdirSync(repo).find((entry) => entry.endsWith(".dir"));
      backups.expectWhole(join(repo, name!));
    } else expect(stderr).toContain("there is no interrupted backup of");
    if (existsSync(repo)) await swept(repo);
  }
  expect(begun).toBeGreaterThan(5);
  expect(begun).toBeLessThan(steps.length);
});

test("killed before each of its last steps, and resumed: whole, listed once, nothing left", async () => {
  const repo = backups.path("commit");
  const args = backups.args(`--repo=${repo}`);
  const counted = await withFault([...args, "--resumable"], "count:any");
  const steps = Number(/calls:(\d+)/.exec(counted.stderr)?.[1]);
  expect(steps).toBeGreaterThan(200);
  const finished: string[] = [];
  for (let step = steps - 40; step <= steps; step++) {
    const place = join(backups.path(), `commit-${step}`);
    const here = backups.args(`--repo=${place}`);
    const { status } = await withFault([...here, "--resumable"], `kill-before:any:${step}`);
    expect([step, status]).toEqual([step, 137]);
    const listed = async () =>
      JSON.parse((await mustDbbackup(["list", `--repo=${place}`, "--json"])).stdout.toString());
    if ((await listed()).length === 0) await resumed(here);
    else finished.push(place);
    expect(await listed()).toHaveLength(1);
    const name = readdirSync(place).find((entry) => entry.endsWith(".dir"));
    backups.expectWhole(join(place, name!));
    await swept(place);
    await rm(place, { recursive: true });
  }
  expect(finished.length).toBeGreaterThan(0);
  expect(finished.length).toBeLessThan(25);
});

test("a deadline, a lost connection, a signal: what is done is kept, told, and gone on with", async () => {
  const output = backups.path("faults");
  const args = backups.args(`--output=${output}`);
  const slow = ["--max-rate=65536"];
  await expectRefused(
    [...args, ...slow, "--resumable", "--max-duration=3s"],
    1,
    /takes longer than|"3s"|3 s/,
    /is kept in/,
  );
  await using proxy = await TcpProxy.start({
    targetPort: backups.source.database.server.port,
    cutAfterServerBytes: 700_000,
  });
  const through = databaseUrl({ ...backups.source.database.server, port: proxy.port }, backups.source.database.name);
  await expectRefused(
    [...args.filter((arg) => !arg.startsWith("--url=")), "--resume", `--url=${through}`],
    1,
    /what is done of the backup is kept in/,
  );
  const child = spawn(process.execPath, [await builtProgram(), ...args, ...slow, "--resume"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...foreignVariables },
  });
  let stderr = "";
  child.stderr!.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  const copying = `SELECT FROM pg_stat_activity WHERE datname = '${backups.source.database.name}' AND query LIKE 'COPY%'`;
  await expect.poll(async () => (await backups.source.database.sql(copying)).length).toBe(1);
  child.kill("SIGINT");
  expect((await once(child, "exit"))[0]).toBe(130);
  expect(stderr).toMatch(/is kept in/);
  const metadata = await resumed(args);
  expect(metadata.resumed).toHaveLength(3);
  backups.expectWhole(output);
});

test("a full disk: what is done is kept, and gone on with when there is room", async ({ skip }) => {
  if (process.getuid?.() !== 0) skip();
  const repo = backups.path("full");
  mkdirSync(repo);
  await mustRun("mount", ["-t", "tmpfs", "-o", "size=800k", "none", repo]);
  try {
    const args = backups.args(`--repo=${repo}`);
    await expectRefused([...args, "--resumable"], 1, /no space left/, /is kept in/);
    await expectRefused([...args, "--resume"], 1, /no space left/, /is kept in/);
    await mustRun("mount", ["-o", "remount,size=50m", repo]);
    const metadata = await resumed(args);
    backups.expectWhole(join(repo, metadata.backup_file!));
  } finally {
    await mustRun("umount", [repo]);
  }
});

test("of several interrupted ones all but one must be given up", async () => {
  const repo = backups.path("several");
  const args = backups.args(`--repo=${repo}`);
  await interrupt(args);
  await withFault([...args, "--resumable"], "kill-before:any:150");
  const [first, second] = worksIn(repo);
  await expectRefused([...args, "--resume"], 1, /several interrupted backups/, first!, second!);
  await dbbackup(["backup", "cluster", `--url=${backups.source.database.url}`, `--repo=${repo}`, "--globals-only"]);
  expect(worksIn(repo)).toEqual([first, second]);
  await rm(join(repo, first!), { recursive: true });
  const metadata = await resumed(args);
  backups.expectWhole(join(repo, metadata.backup_file!));
});

test.each([18, 13] as const)("a standby of version %i whose replay is paused, and when it is not", async (major) => {
  await using primary = await startServer({ major, settings: { wal_level: "replica" } });
  await using held = await holdDatabase(primary);
  const { database } = held;
  const standby = await startStandby(primary);
  try {
    const url = databaseUrl(standby, database.name);
    const repo = backups.path(`standby-${major}`);
    const args = ["backup", "single", database.name, `--url=${url}`, "--format=directory", `--repo=${repo}`];
    args.push("--progress=none", "--jobs=3", "--split-larger-than=8192");
    await expectRefused([...args, "--resumable"], 1, /the standby goes on replaying/, /pg_wal_replay_pause/);
    expect(worksIn(repo)).toEqual([]);
    const onStandby = (sql: string) => serverSql(standby, sql, database.name);
    const lsn = "SELECT pg_last_wal_replay_lsn() AS lsn";
    await database.sql("UPDATE t5 SET a = 'on the standby'");
    const [flushed] = await database.sql("SELECT pg_current_wal_flush_lsn() AS lsn");
    await expect
      .poll(() => onStandby(`SELECT pg_last_wal_replay_lsn() >= '${flushed!.lsn}' AS yes`))
      .toEqual([{ yes: "t" }]);
    await onStandby("SELECT pg_wal_replay_pause()");
    if (major >= 14) {
      const state = "SELECT pg_get_wal_replay_pause_state() AS state";
      await expect.poll(() => onStandby(state)).toEqual([{ state: "paused" }]);
    }
    const before = await databaseContents(standby, database.name);
    await database.sql("UPDATE t5 SET a = 'later'; DELETE FROM big; TRUNCATE t7");
    const [paused] = await onStandby(lsn);
    for (const step of [100, 120, 140]) {
      const how = step === 100 ? "--resumable" : "--resume";
      expect((await withFault([...args, how], `kill-before:any:${step}`)).status).toBe(137);
    }
    const metadata = await resumed(args);
    expect(metadata.consistency!.snapshot_lsn).toBe(paused!.lsn);
    await using target = await withDatabase(primary);
    const path = join(repo, metadata.backup_file!);
    await mustDbbackup(["restore", "single", path, `--target=${target.name}`, `--url=${target.url}`]);
    expect(await databaseContents(primary, target.name)).toEqual(before);

    await interrupt(args);
    await onStandby("SELECT pg_wal_replay_resume()");
    await expect.poll(async () => (await onStandby(lsn))[0]!.lsn).not.toBe(paused!.lsn);
    await expectRefused([...args, "--resume"], 1, /the standby goes on replaying/, /begin a new backup/);
    await onStandby("SELECT pg_wal_replay_pause()");
    await expectRefused(
      [...args, "--resume"],
      1,
      /standby (has replayed more|goes on replaying)/,
      /begin a new backup/,
    );
    await standby.restart("fast");
    await onStandby("SELECT pg_wal_replay_pause()");
    await expectRefused([...args, "--resume"], 1, /the server was restarted since|goes on replaying/);
    await removeWorks(repo);
  } finally {
    await standby.stop();
  }
});
