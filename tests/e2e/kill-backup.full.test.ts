import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { dbbackup, foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const root = resolve(import.meta.dirname, "../..");
const preload = join(root, "tests/helpers/fault-preload.ts");

/** The working process itself, without the launcher: what is killed is what writes. */
async function killedBackup(
  database: TestDatabase,
  repo: string,
  kill: { readonly afterMs: number } | { readonly fault: string },
): Promise<{ readonly signal: string | null; readonly ms: number }> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...("fault" in kill ? ["--import", preload] : []),
      join(root, "bin/dbbackup.cjs"),
      "backup",
      "single",
      database.name,
      `--url=${database.url}`,
      `--repo=${repo}`,
    ],
    {
      stdio: "ignore",
      env: {
        ...process.env,
        ...foreignVariables,
        ...("fault" in kill ? { DBBACKUP_TEST_FAULT: kill.fault } : {}),
      },
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

async function listed(repo: string): Promise<string[]> {
  if (!existsSync(repo)) return [];
  const { stdout } = await mustDbbackup(["list", "--repo", repo, "--json"]);
  return (JSON.parse(stdout.toString()) as { id: string }[]).map((backup) => backup.id);
}

/** Steps of the commit: calls of the file system from the last write of data to the end of the run. */
const commitFaults = [
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
const KILLED = 40;

test("40 times killed with -9: what is listed is whole, the rest is swept by the next run", {
  timeout: 240_000,
}, async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(
    "CREATE TABLE t AS SELECT i, md5(i::text) || md5((i + 1)::text) AS hash FROM generate_series(1, 60000) i",
  );
  const repo = join(folder.path, "repo");
  await mustDbbackup(["backup", "single", database.name, `--url=${database.url}`, "--repo", repo]);
  let { ms: shortest } = await killedBackup(database, join(folder.path, "timing"), { afterMs: 60_000 });

  let state = 20_261_120;
  const seeded = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  let killed = 0;
  for (const fault of commitFaults) {
    expect((await killedBackup(database, repo, { fault })).signal, fault).toBe("SIGKILL");
    killed++;
  }
  // Machines are now fast and now slow: who was too late takes the shorter time for the next.
  for (let attempt = 0; killed < KILLED; attempt++) {
    expect(attempt, "hardly any was killed before it was done").toBeLessThan(3 * KILLED);
    const run = await killedBackup(database, repo, { afterMs: shortest * seeded() });
    if (run.signal === "SIGKILL") killed++;
    else shortest = Math.min(shortest, run.ms);
  }

  const ids = await listed(repo);
  expect(ids.length).toBeGreaterThanOrEqual(1);
  const verified = await dbbackup(["verify", ...ids, "--repo", repo]);
  expect(verified.status, verified.stderr).toBe(0);

  // The next run sweeps: then there are backups, each with its metadata, and nothing else. A folder of a run that died
  // before it had claimed it, or after it had given it back, is empty, and could be one being made: it is given time.
  await mustDbbackup(["backup", "single", database.name, `--url=${database.url}`, "--repo", repo]);
  const yesterday = new Date(Date.now() - 86_400_000);
  for (const name of readdirSync(repo).filter((entry) => entry.startsWith(".tmp-"))) {
    expect(readdirSync(join(repo, name))).toEqual([]);
    utimesSync(join(repo, name), yesterday, yesterday);
  }
  await mustDbbackup(["backup", "single", database.name, `--url=${database.url}`, "--repo", repo]);
  const names = readdirSync(repo);
  const artifacts = names.filter((name) => name.endsWith(".dump"));
  expect(names.toSorted()).toEqual(artifacts.flatMap((name) => [name, `${name}.meta.json`]).toSorted());
  expect(artifacts).toHaveLength((await listed(repo)).length);
  expect(
    await database.sql("SELECT count(*) AS n FROM pg_stat_activity WHERE application_name LIKE 'dbbackup 0%'"),
  ).toEqual([{ n: "0" }]);
});
