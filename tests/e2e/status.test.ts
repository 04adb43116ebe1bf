import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { plantBackup, plantRecord } from "../helpers/planted-backup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

interface Row {
  readonly title: string;
  readonly state: string;
  readonly reasons: readonly string[];
  readonly recovery_seconds: number | null;
  readonly growth: number | null;
  readonly backups: number;
  readonly score: { readonly copies: number; readonly missing: readonly string[] };
}

async function status(repo: string, ...more: readonly string[]) {
  const done = await dbbackupHere(["status", "--repo", repo, "--config", "none", "--json", ...more]);
  const { verdict, databases } = JSON.parse(done.stdout.toString()) as { verdict: string; databases: readonly Row[] };
  return { code: done.status, verdict, rows: new Map(databases.map((row) => [row.title, row])), stderr: done.stderr };
}

test("each database has its state, and the reason for it", async () => {
  await using folder = await withTemporaryFolder();
  const repo = folder.path;
  const proved = (database: string, daysAgo: number) => {
    const planted = plantBackup(repo, database, daysAgo);
    plantRecord(repo, planted, "restore", "ok");
    return planted;
  };
  proved("well", 0.5);
  proved("old", 3);
  plantBackup(repo, "unproved", 0.1);
  proved("long-ago", 50);
  plantBackup(repo, "long-ago", 0.1);
  rmSync(join(repo, plantBackup(repo, "lost", 0.1).name));
  proved("damaged", 0.5);
  plantRecord(repo, plantBackup(repo, "damaged", 0.1), "full", "damaged");
  proved("future", 0.5);
  plantBackup(repo, "future", -1);
  plantBackup(repo, "sampled", 0.1, { backup_type: "sample" });
  const { code, verdict, rows } = await status(repo);
  expect(code).toBe(1);
  expect([...rows].map(([title, { state }]) => [title, state])).toEqual([
    ["damaged", "failing"],
    ["future", "failing"],
    ["long-ago", "unproved"],
    ["lost", "failing"],
    ["old", "stale"],
    ["unproved", "unproved"],
    ["well", "protected"],
  ]);
  expect(verdict).toMatch(/^6 of 7 databases are not protected: damaged \(failing\), future/);
  const why = (title: string) => rows.get(title)!.reasons;
  expect(why("damaged")).toEqual(["the newest backup cannot be counted on: a verification found damage"]);
  expect(why("future")).toEqual(["the newest backup cannot be counted on: its time lies in the future"]);
  expect(why("lost")[0]).toBe("there is no good backup");
  expect(why("lost")[1]).toMatch(/^the newest backup cannot be counted on: ".*" is missing$/);
  expect(why("old")).toEqual(["the last good backup is 3 d old, and may be 26 h"]);
  expect(why("long-ago")[0]).toMatch(/^the last backup that was restored for proof is 50 d old, and may be 35 d$/);
  expect(rows.get("well")).toMatchObject({ recovery_seconds: 12.5, backups: 1, growth: null });
  const wider = await status(repo, "--max-age", "4d", "--max-proof-age", "60d");
  expect(["old", "long-ago"].map((title) => wider.rows.get(title)!.state)).toEqual(["protected", "protected"]);
  const table = await dbbackupHere(["status", "--repo", repo, "--config", "none"]);
  expect(table.stdout.toString()).toMatch(/^6 of 7 databases are not protected: .*\n\nDATABASE +STATE +LAST GOOD/);
});

test("all protected ends with 0; the same name on two servers is two databases; replicas count", async () => {
  await using folder = await withTemporaryFolder();
  const [repo, copy] = [join(folder.path, "a"), join(folder.path, "b")];
  mkdirSync(repo);
  for (const host of ["db1", "db2"])
    plantRecord(repo, plantBackup(repo, "shop", host === "db1" ? 0.1 : 0.2, { host }), "restore", "ok");
  cpSync(repo, copy, { recursive: true });
  const { code, verdict, rows } = await status(repo, "--replica", copy);
  expect([code, verdict]).toEqual([0, "all 2 databases are protected"]);
  expect([...rows.keys()]).toEqual(["shop (postgresql db1:5432)", "shop (postgresql db2:5432)"]);
  expect([...rows.values()].map(({ score }) => score)).toEqual(
    Array(2).fill(
      expect.objectContaining({
        copies: 3,
        missing: ["2 kinds of media", "1 elsewhere", "1 that nobody can change"],
      }),
    ),
  );
});

test("policies of the configuration file, databases that have no backup, and attempts that failed", async () => {
  await using folder = await withTemporaryFolder();
  const repo = join(folder.path, "repo");
  mkdirSync(repo);
  plantRecord(repo, plantBackup(repo, "weekly", 5), "restore", "ok");
  plantRecord(repo, plantBackup(repo, "daily", 5), "restore", "ok");
  const config = join(folder.path, "dbbackup.toml");
  writeFileSync(
    config,
    `[repository]\nurl = "${repo}"\n[policies]\nmax_age = "2d"\n[policies.databases.weekly]\nmax_age = "8d"\n[policies.databases.ledger]\nmax_proof_age = "9d"\n`,
    { mode: 0o600 },
  );
  const catalogue = ["--catalogue", join(folder.path, "state", "c.sqlite")];
  const states = async () => {
    const done = await dbbackupHere(["status", "--config", config, ...catalogue, "--json"]);
    const { databases } = JSON.parse(done.stdout.toString()) as { databases: readonly Row[] };
    return databases.map(({ title, state, reasons }) => [title, state, ...reasons]);
  };
  expect(await states()).toEqual([
    ["daily", "stale", "the last good backup is 5 d old, and may be 2 d"],
    ["ledger", "failing", "there is no good backup"],
    ["weekly", "protected"],
  ]);
  const failed = await dbbackupHere([
    "backup",
    "single",
    "weekly",
    "--url",
    "postgres://x@127.0.0.1:1/",
    "--repo",
    repo,
    ...catalogue,
  ]);
  expect(failed.status).toBe(1);
  expect((await states()).at(-1)).toEqual([
    "weekly",
    "failing",
    expect.stringMatching(/^the last attempt failed a moment ago: /),
  ]);
});

test("of an encrypted repository, records that no key has bound prove nothing to who has the key", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE t AS SELECT 1 AS n");
  const [repo, key] = [join(folder.path, "repo"), join(folder.path, "key")];
  await mustDbbackupHere(["keys", "generate", "--output", key]);
  const backup = [
    "backup",
    "single",
    database.name,
    "--url",
    database.url,
    "--repo",
    repo,
    "--encrypt",
    "--key-file",
    key,
  ];
  const made = JSON.parse((await mustDbbackupHere([...backup, "--json"])).stdout.toString());
  plantRecord(repo, { id: made.id, name: made.backup_file.replace(/\.enc$/, "") }, "restore", "ok");
  // A newer one in the clear, which whoever can write there has made; clocks may differ by a few minutes.
  plantRecord(repo, plantBackup(repo, database.name, -0.002, { source: made.source }), "restore", "ok");
  const state = async (...args: string[]) => [...(await status(repo, ...args)).rows.values()].map((row) => row.state);
  expect(await state("--key-file", key)).toEqual(["unproved", "protected"]);
  // Without a key the record is believed, which is told.
  const believing = await dbbackupHere(["status", "--repo", repo, "--config", "none"]);
  expect([believing.status, believing.stderr]).toEqual([
    0,
    `dbbackup: the backups of "${database.name} (encrypted)" are encrypted, and no key was given: what names and records say of them is believed; with --key-file (or its like) it is checked\n`,
  ]);
  const checked = await dbbackupHere(["status", "--repo", repo, "--config", "none", "--key-file", key]);
  expect([checked.status, checked.stderr]).toEqual([1, ""]);
  const documents = async (...args: string[]) =>
    JSON.parse((await dbbackupHere(["status", "--repo", repo, "--json", ...args])).stdout.toString()).databases;
  expect(await documents()).toMatchObject([{ encrypted: true, checked_with_key: false }, { encrypted: false }]);
  expect(await documents("--key-file", key)).toMatchObject([{ encrypted: true, checked_with_key: true }, {}]);
  await mustDbbackupHere(["verify", made.id, "--repo", repo, "--key-file", key]);
  const verified = await status(repo, "--key-file", key);
  expect([...verified.rows.values()][0]!.score.missing).not.toContainEqual(expect.stringContaining("0 errors"));
  await mustDbbackupHere(["keys", "generate", "--output", `${key}-2`]);
  const other = await status(repo, "--key-file", `${key}-2`);
  expect([...other.rows].map(([title, { state: found }]) => [title.replace(/^\S+ /, ""), found])).toEqual([
    ["(encrypted)", "failing"],
    [expect.stringMatching(/^\(postgresql \d+\)$/), "protected"],
  ]);
  // One that was made before the others were encrypted needs no successor.
  const sealed = made.backup_file.replace(/\.enc$/, "");
  for (const name of readdirSync(repo)) if (!name.startsWith(`${sealed}.`)) rmSync(join(repo, name));
  plantBackup(repo, database.name, 3, { source: made.source });
  expect(await state("--key-file", key)).toEqual(["unproved"]);
});

test("nothing there, and metadata that cannot be read, are never protected", async () => {
  await using folder = await withTemporaryFolder();
  const empty = await status(folder.path);
  expect([empty.code, empty.verdict]).toEqual([1, `nothing is protected: there are no backups in ${folder.path}`]);
  plantRecord(folder.path, plantBackup(folder.path, "shop", 0.1), "restore", "ok");
  expect((await status(folder.path)).code).toBe(0);
  writeFileSync(join(folder.path, "torn.dump.meta.json"), "{");
  const torn = await status(folder.path);
  expect([torn.code, torn.verdict]).toEqual([1, 'database "shop" is protected, and 1 backup cannot be read']);
});
