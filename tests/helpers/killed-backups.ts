import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { builtProgram } from "./built-program.ts";
import { dbbackup, foreignVariables, mustDbbackup } from "./dbbackup.ts";

const preload = resolve(import.meta.dirname, "fault-preload.ts");

/** A database to back up. */
export interface BackupSource {
  readonly name: string;
  readonly url: string;
  /** More arguments of its backups. */
  readonly options?: readonly string[];
}

/** When to kill a backup: so long after its start, or at a call of the file system, as `fault-preload.ts` takes it. */
export type KillMoment = { readonly afterMs: number } | { readonly fault: string };

/** Steps of the commit: calls of the file system from the last write of data to the end of the run. */
export const commitFaults = [
  "fsync:1",
  "fsync:2",
  "link:1",
  "link:2",
  "unlink:1",
  "unlink:2",
  "rmdir:1",
  "open:1",
  "open:2",
].flatMap((call) => [`kill-before:${call}`, `kill-after:${call}`]);

/** Backs up into a repository in a process of its own, which is killed with -9. Answers how it ended. */
export async function killedBackup(
  { name, url, options = [] }: BackupSource,
  repo: string,
  kill: KillMoment,
): Promise<{ readonly signal: string | null; readonly ms: number }> {
  const program = await builtProgram();
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...("fault" in kill ? ["--import", preload] : []),
      program,
      "backup",
      "single",
      name,
      `--url=${url}`,
      `--repo=${repo}`,
      ...options,
    ],
    {
      stdio: "ignore",
      env: { ...process.env, ...foreignVariables, ...("fault" in kill ? { DBBACKUP_TEST_FAULT: kill.fault } : {}) },
    },
  );
  const ended = once(child, "exit");
  if ("afterMs" in kill) {
    await Promise.race([ended, sleep(kill.afterMs)]);
    child.kill("SIGKILL");
  }
  const [, signal] = (await ended) as [number | null, string | null];
  return { signal, ms: performance.now() - started };
}

/** Backs up until so many runs were killed at random moments. `timing` is a folder that is not there yet. */
export async function killedAtRandom(
  source: BackupSource,
  repo: string,
  { times, seed, timing }: { readonly times: number; readonly seed: number; readonly timing: string },
): Promise<void> {
  let { ms: shortest } = await killedBackup(source, timing, { afterMs: 60_000 });
  let state = seed;
  const seeded = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  // Machines are now fast and now slow: who was too late takes the shorter time for the next.
  for (let attempt = 0, killed = 0; killed < times; attempt++) {
    expect(attempt, "hardly any was killed before it was done").toBeLessThan(3 * times);
    const run = await killedBackup(source, repo, { afterMs: shortest * seeded() });
    if (run.signal === "SIGKILL") killed++;
    else shortest = Math.min(shortest, run.ms);
  }
}

/**
 * After runs that were killed: what is listed is whole, and the next run sweeps. Then there are backups, each with its
 * metadata, and nothing else.
 */
export async function expectWholeAndSwept({ name, url, options = [] }: BackupSource, repo: string): Promise<void> {
  const backup = ["backup", "single", name, `--url=${url}`, "--repo", repo, ...options];
  await expectWhole(repo);
  await mustDbbackup(backup);
  // A folder of a run that died before it had claimed it, or after it had given it back, is empty, and could be one being
  // made: it is given time.
  const yesterday = new Date(Date.now() - 86_400_000);
  for (const entry of readdirSync(repo).filter((file) => file.startsWith(".tmp-"))) {
    expect(readdirSync(join(repo, entry))).toEqual([]);
    utimesSync(join(repo, entry), yesterday, yesterday);
  }
  await mustDbbackup(backup);
  const files = (await listed(repo)).map(({ backup_file }) => backup_file!);
  expect(readdirSync(repo).toSorted()).toEqual(files.flatMap((file) => [file, `${file}.meta.json`]).toSorted());
  await expectWhole(repo);
}

async function expectWhole(repo: string): Promise<void> {
  const ids = (await listed(repo)).map(({ id }) => id);
  if (ids.length === 0) return;
  const verified = await dbbackup(["verify", "--no-record", ...ids, "--repo", repo]);
  expect(verified.status, verified.stderr).toBe(0);
}

async function listed(repo: string): Promise<BackupMetadata[]> {
  const { stdout } = await mustDbbackup(["list", "--repo", repo, "--json"]);
  return JSON.parse(stdout.toString()) as BackupMetadata[];
}
