import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { builtProgram } from "../helpers/built-program.ts";
import { foreignVariables } from "../helpers/dbbackup.ts";
import { mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { plantBackup } from "../helpers/planted-backup.ts";
import { mustRun } from "../helpers/run-program.ts";
import { seededRandom } from "../helpers/seeded-random.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { requireRoot, withSmallDisk } from "../helpers/small-disk.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

const PLANTED = 200;
/** What is known of them takes more than that. */
const SURELY_FULL_KIB = 64;

interface FaultsRequest {
  /** Runs that are killed, of each command. */
  readonly kills: number;
  /** Of file systems for the catalogue, in KiB. */
  readonly diskSizes: readonly number[];
  readonly seed: number;
}

/**
 * SQLite writes the catalogue by calls of its own, which cannot be made to fail one by one: the real program is killed with -9 at random
 * moments, and gets a disk that becomes full somewhere.
 */
export function catalogueFaultsSuite({ kills, diskSizes, seed }: FaultsRequest): void {
  test("runs that are killed while they write the catalogue leave a true list, and the next one goes on", async () => {
    await using folder = await withTemporaryFolder();
    await using database = await withDatabase(await sharedServer(18));
    await database.sql("CREATE TABLE t AS SELECT i FROM generate_series(1, 100) i");
    const place = plantedPlace(folder.path);
    const common = ["--repo", place.repo, "--catalogue", place.catalogue];
    const backup = ["backup", "single", database.name, `--url=${database.url}`, ...common];
    const commands = [backup, ["list", ...common], ["catalog", "rebuild", ...common]];
    const random = seededRandom(seed);
    let killed = 0;
    for (const command of commands) {
      let { ms: shortest } = await runUntil(command, 60_000);
      for (let kill = 0; kill < kills; kill++) {
        const run = await runUntil(command, shortest * (0.3 + 0.7 * random()));
        if (run.isKilled) killed++;
        else shortest = Math.min(shortest, run.ms);
        await expectTrue(place, "");
      }
    }
    // Machines are now fast and now slow.
    expect(killed).toBeGreaterThan(kills);
    await mustDbbackupHere(backup);
    await expectTrue(place, "");
    const { stdout } = await mustDbbackupHere(["history", "--json", "--catalogue", place.catalogue]);
    const operations = JSON.parse(stdout.toString()) as { state: string }[];
    expect(operations.filter(({ state }) => state === "running")).toEqual([]);
    expectSound(place.catalogue);
  });

  test.for(diskSizes)("a disk of %d KiB for the catalogue changes no answer", async (size, context) => {
    requireRoot(context);
    await using folder = await withTemporaryFolder();
    const place = plantedPlace(folder.path);
    await using _disk = await withSmallDisk(join(folder.path, "state"), `${size}k`);
    const full = await expectTrue(place, undefined);
    const told = full.match(/^dbbackup: warning: the catalogue cannot be used/gm) ?? [];
    if (size <= SURELY_FULL_KIB) expect(told).toHaveLength(1);
    else expect(told.length).toBeLessThanOrEqual(1);
    const held = plantBackup(place.repo, "later", 0.1);
    await mustDbbackupHere(["hold", held.id, "--repo", place.repo, "--catalogue", place.catalogue]);
    await expectTrue(place, undefined);
    await mustRun("mount", ["-o", "remount,size=8m", join(folder.path, "state")]);
    await expectTrue(place, "");
    await mustDbbackupHere(["catalog", "rebuild", "--repo", place.repo, "--catalogue", place.catalogue]);
    await expectTrue(place, "");
    expectSound(place.catalogue);
  });
}

interface Place {
  readonly repo: string;
  readonly catalogue: string;
}

function plantedPlace(folder: string): Place {
  const repo = join(folder, "repo");
  for (const path of [repo, join(folder, "state")]) mkdirSync(path, { mode: 0o700 });
  for (let age = 1; age <= PLANTED; age++) {
    const { name } = plantBackup(repo, `db${age % 7}`, age);
    // What is only just written is not remembered.
    utimesSync(join(repo, `${name}.meta.json`), 1_700_000_000 + age, 1_700_000_000 + age);
  }
  return { repo, catalogue: join(folder, "state", "c.sqlite") };
}

/** Runs the program in a process of its own, and kills it after so long. */
async function runUntil(
  command: readonly string[],
  afterMs: number,
): Promise<{ readonly ms: number; readonly isKilled: boolean }> {
  const program = await builtProgram();
  const started = performance.now();
  const child = spawn(process.execPath, [program, ...command], {
    stdio: "ignore",
    env: { ...process.env, ...foreignVariables },
  });
  const ended = once(child, "exit");
  const over = new AbortController();
  await Promise.race([ended, sleep(afterMs, undefined, { signal: over.signal }).catch(() => {})]);
  over.abort();
  child.kill("SIGKILL");
  const [, signal] = (await ended) as [number | null, string | null];
  return { ms: performance.now() - started, isKilled: signal === "SIGKILL" };
}

/** The list is that of the repository, and each backup in it is whole. @param warnings undefined for any @returns the warnings */
async function expectTrue({ repo, catalogue }: Place, warnings: string | undefined): Promise<string> {
  const list = ["list", "--json", "--repo", repo, "--catalogue"];
  const { stdout, stderr } = await mustDbbackupHere([...list, catalogue]);
  const { stdout: truth } = await mustDbbackupHere([...list, "none"]);
  expect(stdout.toString()).toBe(truth.toString());
  if (warnings !== undefined) expect(stderr.toString()).toBe(warnings);
  const backups = JSON.parse(stdout.toString()) as BackupMetadata[];
  expect(backups.length).toBeGreaterThanOrEqual(PLANTED);
  for (const { artifacts } of backups) {
    for (const { name, sha256 } of artifacts) {
      expect(
        createHash("sha256")
          .update(readFileSync(join(repo, name)))
          .digest("hex"),
      ).toBe(sha256);
    }
  }
  return stderr.toString();
}

function expectSound(catalogue: string): void {
  const database = new DatabaseSync(catalogue, { readOnly: true });
  try {
    expect(database.prepare("pragma integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  } finally {
    database.close();
  }
}
