import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ExitStatus } from "../../src/core/exit-status.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { plantBackup, plantRecord } from "../helpers/planted-backup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

interface CleanedBackup {
  readonly id: string;
  readonly keep: boolean;
  readonly reasons: readonly string[];
  readonly removed: boolean;
}

interface Cleaned {
  readonly backups: readonly CleanedBackup[];
  readonly clock_doubts: readonly string[];
}

async function clean(repo: string, ...args: readonly string[]): Promise<Cleaned> {
  return JSON.parse((await mustDbbackupHere(["cleanup", "--repo", repo, "--json", ...args])).stdout.toString());
}

async function listed(repo: string): Promise<string[]> {
  const { stdout } = await dbbackupHere(["list", "--repo", repo, "--json"]);
  return JSON.parse(stdout.toString()).map(({ id }: { id: string }) => id);
}

function idsThatGo({ backups }: Cleaned): string[] {
  return backups.flatMap(({ id, keep }) => (keep ? [] : [id]));
}

function verification(backupId: string, status: "ok" | "damaged"): string {
  return JSON.stringify({
    version: 1,
    id: "019e1f30-0000-7000-8000-000000000000",
    timestamp: new Date().toISOString(),
    backup: "x",
    backup_id: backupId,
    status,
    tool: { name: "dbbackup", version: "4" },
    server: { kind: "throw-away" },
    duration_seconds: 1,
    phases: [],
    counts: {},
    damage_count: 0,
    damage: [],
    notes: [],
    checks: [],
  });
}

test("by age and number: what goes is told, then gone; other databases, kinds and files stay", async () => {
  await using folder = await withTemporaryFolder();
  const repo = folder.path;
  const shop = [40, 35, 20, 10, 1].map((days) => plantBackup(repo, "shop", days));
  const others = [
    plantBackup(repo, "archive", 400),
    plantBackup(repo, "shop", 90, { host: "db2" }),
    plantBackup(repo, "shop", 91, { backup_type: "sample" }),
  ];
  writeFileSync(join(repo, "shop_full_20200101T000000Z.dump"), "a file of somebody");
  const before = readdirSync(repo).toSorted();
  const rules = ["--retention-days", "15", "--min-backups", "3"];
  const told = await clean(repo, ...rules, "--dry-run");
  expect(idsThatGo(told)).toEqual([shop[0]!.id, shop[1]!.id]);
  expect(told.backups.map(({ removed }) => removed)).not.toContain(true);
  expect(told.backups.find(({ id }) => id === others[0]!.id)!.reasons).toEqual([
    "the last good backup of its database",
    "one of the newest 3 (min-backups)",
  ]);
  expect(readdirSync(repo).toSorted()).toEqual(before);
  const done = await clean(repo, ...rules);
  expect(done.backups.flatMap(({ id, removed }) => (removed ? [id] : []))).toEqual(idsThatGo(told));
  const gone = new Set(shop.slice(0, 2).flatMap(({ name }) => [name, `${name}.meta.json`]));
  expect(readdirSync(repo).toSorted()).toEqual(before.filter((name) => !gone.has(name)));
  expect(idsThatGo(await clean(repo, ...rules))).toEqual([]);
});

test("the table tells why, and what it comes to", async () => {
  await using folder = await withTemporaryFolder();
  const [old, young] = [plantBackup(folder.path, "shop", 20), plantBackup(folder.path, "shop", 1)];
  const { stdout } = await mustDbbackupHere(["cleanup", "--repo", folder.path, "--keep-daily", "1", "--dry-run"]);
  const lines = stdout.toString().split("\n");
  expect(lines.find((line) => line.includes(old.id))).toMatch(/^remove .* shop .* full logical .* no rule keeps it$/);
  expect(lines.find((line) => line.includes(young.id))).toMatch(
    /^keep .* the last good backup of its database; number 1 of 1 \(keep-daily\)$/,
  );
  expect(lines).toContain("would remove 1 backup (7 B), 1 stays");
});

test("a database has rules of its own in the configuration file, also beside flags", async () => {
  await using folder = await withTemporaryFolder();
  const repo = join(folder.path, "repo");
  mkdirSync(repo);
  const config = join(folder.path, "c.toml");
  writeFileSync(
    config,
    `[repository]\nurl = "${repo}"\n[retention]\nkeep_last = 1\n[retention.databases."the ledger"]\nkeep_last = 2\n`,
  );
  const shop = [3, 2, 1].map((days) => plantBackup(repo, "shop", days));
  const ledger = [3, 2, 1].map((days) => plantBackup(repo, "the ledger", days));
  const go = async (...args: readonly string[]) => {
    const { stdout } = await mustDbbackupHere(["cleanup", "--config", config, "--json", ...args]);
    return new Set(idsThatGo(JSON.parse(stdout.toString())));
  };
  const [first, second] = shop;
  expect(await go("--dry-run")).toEqual(new Set([first!.id, second!.id, ledger[0]!.id]));
  expect(await go("--keep-last", "3", "--dry-run")).toEqual(new Set([ledger[0]!.id]));
});

describe("holds", () => {
  test("keep a backup from cleanup and cloud delete until they end or are taken back", async () => {
    await using folder = await withTemporaryFolder();
    const repo = folder.path;
    const [old] = [plantBackup(repo, "shop", 20), plantBackup(repo, "shop", 1)];
    const args = ["--repo", repo];
    await mustDbbackupHere(["hold", old!.id, "--reason", "the audit", ...args]);
    const { stdout } = await mustDbbackupHere(["hold", old!.name, "--until", "2999-12-31", "--json", ...args]);
    expect(JSON.parse(stdout.toString())).toMatchObject([{ id: old!.id, hold_until: "2999-12-31T23:59:59.999Z" }]);
    const shown = (await mustDbbackupHere(["show", old!.id, ...args])).stdout.toString();
    expect(shown).toMatch(/^on hold +until it is released \(the audit\); until 2999-12-31T23:59:59.999Z$/m);
    const cleaned = await clean(repo, "--keep-last", "1");
    expect(cleaned.backups[0]).toMatchObject({ keep: true, reasons: ["on hold until it is released"] });
    const refused = await dbbackupHere(["cloud", "delete", old!.id, "--confirm", ...args]);
    expect(refused.status).toBe(ExitStatus.failed);
    expect(refused.stderr).toMatch(/on hold until .*nothing of it was removed[\s\S]*dbbackup release/);
    await mustDbbackupHere(["release", old!.id, ...args]);
    expect(idsThatGo(await clean(repo, "--keep-last", "1"))).toEqual([old!.id]);
    expect(readdirSync(repo)).toHaveLength(2);
  });

  test("that have ended bind no more, and go with their backup; those that nobody can read bind", async () => {
    await using folder = await withTemporaryFolder();
    const repo = folder.path;
    const [first, second] = [30, 20, 1].map((days) => plantBackup(repo, "shop", days));
    const ended = { kind: "hold", version: 1, backup_id: first!.id, since: "2020-01-01T00:00:00.000Z" };
    writeFileSync(
      join(repo, `${first!.name}.20200101T000000Z.hold.json`),
      JSON.stringify({ ...ended, until: "2020-02-01T00:00:00.000Z" }),
    );
    writeFileSync(join(repo, `${second!.name}.20200101T000000Z.hold.json`), '{"kind":"hold","version":2}');
    expect(idsThatGo(await clean(repo, "--keep-last", "1"))).toEqual([first!.id]);
    expect(readdirSync(repo).filter((name) => name.startsWith(first!.name))).toEqual([]);
  });

  test.each([
    ["2026-02-31", "is no time"],
    ["tomorrow", "is no time"],
    ["2020-01-01", "is over"],
  ])("--until %s %s", async (until, message) => {
    await using folder = await withTemporaryFolder();
    const { id } = plantBackup(folder.path, "shop", 1);
    const { status, stderr } = await dbbackupHere(["hold", id, "--until", until, "--repo", folder.path]);
    expect(status).toBe(ExitStatus.usage);
    expect(stderr).toContain(message);
    expect(readdirSync(folder.path)).toHaveLength(2);
  });
});

describe("what is good", () => {
  test("a backup that lost its file, or did not restore, is not the last good one", async () => {
    await using folder = await withTemporaryFolder();
    const repo = folder.path;
    const [proved, good, lost, damaged] = [50, 40, 30, 20].map((days) => plantBackup(repo, "shop", days));
    rmSync(join(repo, lost!.name));
    writeFileSync(join(repo, `${damaged!.name}.20260101T000000Z.verify.json`), verification(damaged!.id, "damaged"));
    writeFileSync(join(repo, `${proved!.name}.20260101T000000Z.verify.json`), verification(proved!.id, "ok"));
    // Somebody else's result says nothing.
    writeFileSync(join(repo, `${good!.name}.20260101T000000Z.verify.json`), verification(damaged!.id, "damaged"));
    const told = await clean(repo, "--retention-days", "25", "--dry-run");
    expect(idsThatGo(told)).toEqual([lost!.id]);
    expect(told.backups.map(({ reasons }) => reasons)).toEqual([
      ["the last backup of its database that was proved by a restore"],
      ["the last good backup of its database"],
      ["damaged, and no rule keeps it"],
      ["younger than 25 days (retention-days)"],
    ]);
  });

  test("of records only those count that say what their names say, and damage only until a closer look found none", async () => {
    await using folder = await withTemporaryFolder();
    const repo = folder.path;
    const [older, proved, liar, healed, damaged, newest] = [60, 50, 45, 40, 35, 30].map((days) =>
      plantBackup(repo, "shop", days),
    );
    plantRecord(repo, older!, "restore", "ok", 59);
    plantRecord(repo, proved!, "restore", "ok", 49);
    plantRecord(repo, newest!, "full", "ok", 29);
    plantRecord(repo, healed!, "full", "damaged", 39);
    plantRecord(repo, healed!, "full", "ok", 38);
    plantRecord(repo, damaged!, "full", "damaged", 34);
    plantRecord(repo, damaged!, "quick", "ok", 33);
    // It is called a proof, and its file says damage.
    plantRecord(repo, liar!, "restore", "damaged", 44);
    const record = readdirSync(repo).find((name) => name.startsWith(liar!.name) && name.endsWith(".verify.json"));
    renameSync(join(repo, record!), join(repo, record!.replace("-damaged", "-ok")));
    const told = await clean(repo, "--keep-last", "2", "--dry-run");
    expect(told.backups.map(({ id, keep, reasons }) => [id, keep, reasons.join("; ")])).toEqual([
      [older!.id, false, "no rule keeps it"],
      [proved!.id, true, "the last backup of its database that was proved by a restore"],
      [liar!.id, false, "no rule keeps it"],
      [healed!.id, true, "one of the newest 2 (keep-last)"],
      [damaged!.id, false, "damaged, and no rule keeps it"],
      [newest!.id, true, "the last good backup of its database; one of the newest 2 (keep-last)"],
    ]);
  });

  test("a base goes when the last that needs it goes", async () => {
    await using folder = await withTemporaryFolder();
    const repo = folder.path;
    const base = plantBackup(repo, "shop", 20);
    const increment = plantBackup(repo, "shop", 19, { backup_type: "incremental", base_backup: base.id });
    plantBackup(repo, "shop", 1);
    await mustDbbackupHere(["hold", increment.id, "--repo", repo]);
    const told = await clean(repo, "--keep-last", "1", "--dry-run");
    expect(told.backups[0]).toMatchObject({ keep: true, reasons: [`"${increment.id}" needs it`] });
    await mustDbbackupHere(["release", increment.id, "--repo", repo]);
    const cleaned = await clean(repo, "--retention-days", "10");
    // The newest of its kind, but no whole backup: nothing keeps it.
    expect(idsThatGo(cleaned)).toEqual([base.id, increment.id]);
    expect(await listed(repo)).toHaveLength(1);
  });

  test("metadata that nobody can read keep everything", async () => {
    await using folder = await withTemporaryFolder();
    const repo = folder.path;
    for (const days of [20, 1]) plantBackup(repo, "shop", days);
    writeFileSync(join(repo, "other.dump.meta.json"), "{");
    const { status, stderr } = await dbbackupHere(["cleanup", "--keep-last", "1", "--repo", repo]);
    expect(status).toBe(ExitStatus.failed);
    expect(stderr).toContain("1 metadata file cannot be read, so that nobody knows what they need");
    expect(readdirSync(repo)).toHaveLength(5);
  });
});

test("encrypted backups go only for who has their key, and not since a file beside them calls them damaged", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE t AS SELECT 1 AS id");
  const key = join(folder.path, "the.key");
  const repo = join(folder.path, "repo");
  await mustDbbackupHere(["keys", "generate", "--type", "raw", "--output", key]);
  const backUp = async (): Promise<{ id: string; backup_file: string }> => {
    const what = ["backup", "single", database.name, "--url", database.url, "--repo", repo, "--json"];
    return JSON.parse((await mustDbbackupHere([...what, "--encrypt", "--key-file", key])).stdout.toString());
  };
  const [first, second, third] = [await backUp(), await backUp(), await backUp()];
  // Newer, of the same database, and in the clear: what anybody may put there.
  const planted = plantBackup(repo, database.name, -30 / 86_400);
  const name = third!.backup_file.replace(/\.enc$/, "");
  writeFileSync(join(repo, `${name}.20260101T000000Z.verify.json`), verification(third!.id, "damaged"));
  const blind = await clean(repo, "--keep-last", "1");
  expect(idsThatGo(blind)).toEqual([]);
  expect(blind.backups[0]!.reasons).toContain("it is encrypted, and no key that was given opens it");
  expect(idsThatGo(await clean(repo, "--keep-last", "1", "--key-file", key))).toEqual([first!.id]);
  expect(await listed(repo)).toEqual([second!.id, third!.id, planted.id]);
});

test("two runs at once remove the same, and neither fails", async () => {
  await using folder = await withTemporaryFolder();
  const repo = folder.path;
  const all = Array.from({ length: 12 }, (_, days) => plantBackup(repo, "shop", 12 - days));
  const args = ["cleanup", "--keep-last", "2", "--repo", repo];
  const runs = await Promise.all([mustDbbackup(args), mustDbbackup(args), mustDbbackup(args)]);
  expect(runs.map(({ status }) => status)).toEqual([0, 0, 0]);
  expect(await listed(repo)).toEqual(all.slice(-2).map(({ id }) => id));
  expect(readdirSync(repo)).toHaveLength(4);
});

describe("a clock that may be wrong", () => {
  test.each([
    ["behind", -2, "the newest backup is of", "--keep-last"],
    ["ahead", 40, "no backup is younger than 7 days", "--retention-days"],
  ])("%s: nothing is touched without --confirm", async (_, youngest, doubt, rule) => {
    await using folder = await withTemporaryFolder();
    const repo = folder.path;
    const [old] = [plantBackup(repo, "shop", 60), plantBackup(repo, "shop", youngest)];
    const asked = await dbbackupHere(["cleanup", rule, "1", "--repo", repo]);
    expect(asked.status).toBe(ExitStatus.usage);
    expect(asked.stderr).toContain(doubt);
    expect(readdirSync(repo)).toHaveLength(4);
    expect((await clean(repo, rule, "1", "--dry-run")).clock_doubts).toEqual([expect.stringContaining(doubt)]);
    expect(idsThatGo(await clean(repo, rule, "1", "--confirm"))).toEqual([old!.id]);
    expect(readdirSync(repo)).toHaveLength(2);
  });
});

test("a minimum alone is refused", async () => {
  await using folder = await withTemporaryFolder();
  plantBackup(folder.path, "shop", 1);
  const repo = ["--repo", folder.path];
  const minimum = await dbbackupHere(["cleanup", "--min-backups", "3", ...repo]);
  expect(minimum.status).toBe(ExitStatus.usage);
  expect(minimum.stderr).toContain("nothing says which may go");
});

describe("tags", () => {
  test("choose what list shows and what cleanup keeps", async () => {
    await using folder = await withTemporaryFolder();
    const repo = folder.path;
    const tags = [{ release: "4.1" }, { release: "4.2", audit: "" }, undefined, {}, undefined];
    const shop = tags.map((own, at) => plantBackup(repo, "shop", 50 - at, own === undefined ? {} : { tags: own }));
    const [old, young] = shop;
    const shown = async (...words: readonly string[]) => {
      const args = ["list", "--json", "--repo", repo, ...words.flatMap((word) => ["--tag", word])];
      return JSON.parse((await mustDbbackupHere(args)).stdout.toString()).map(({ id }: { id: string }) => id);
    };
    expect(await shown("release")).toEqual([old!.id, young!.id]);
    expect(await shown("release=4.1")).toEqual([old!.id]);
    expect(await shown("release=4.1", "audit")).toEqual([old!.id, young!.id]);
    expect(await shown("release=4")).toEqual([]);
    const { stdout } = await mustDbbackupHere(["show", young!.id, "--repo", repo]);
    expect(stdout.toString()).toMatch(/^tags +release=4\.2, audit$/m);
    const kept = await clean(repo, "--keep-last", "1", "--keep-tag", "release=4.2", "--dry-run");
    expect(idsThatGo(kept)).toEqual([old!.id, shop[2]!.id, shop[3]!.id]);
    expect(kept.backups[1]!.reasons).toEqual(['it has the tag "release=4.2"']);
    await clean(repo, "--keep-last", "1", "--keep-tag", "release", "--keep-tag", "other");
    expect(await listed(repo)).toEqual([old!.id, young!.id, shop[4]!.id]);
  });

  test("that are none are refused, and alone let nothing go", async () => {
    await using folder = await withTemporaryFolder();
    const refused = async (...args: readonly string[]) => {
      const { status, stderr } = await dbbackupHere([...args, "--repo", folder.path]);
      expect(status).toBe(ExitStatus.usage);
      return stderr;
    };
    expect(await refused("cleanup", "--keep-tag", "a")).toContain("--keep-tag says which backups stay");
    expect(await refused("cleanup", "--keep-last", "1", "--keep-tag", "4 u")).toContain("no name of a tag");
    expect(await refused("list", "--tag", "a=")).toContain("the value of the tag");
    expect(await refused("backup", "single", "shop", "--tag", "a", "--tag", "a=1")).toContain("given twice");
    const { stderr } = await dbbackupHere(["backup", "single", "shop", "--tag", "a", "--output", "-"]);
    expect(stderr).toContain("--output - has none");
  });

  test("of a backup stand in its metadata, and of an encrypted one only in what is sealed", async () => {
    await using folder = await withTemporaryFolder();
    const server = await sharedServer(18);
    await using database = await withDatabase(server);
    const key = join(folder.path, "key");
    await mustDbbackupHere(["keys", "generate", "--type", "raw", "--output", key]);
    const repo = join(folder.path, "repo");
    const backup = ["backup", "single", database.name, `--url=${database.url}`, "--repo", repo, "--tag", "secret=plan"];
    await mustDbbackupHere(backup);
    const keys = ["--key-file", key];
    await mustDbbackupHere([...backup, "--encrypt", ...keys]);
    const stored = readdirSync(repo).filter((name) => name.endsWith(".meta.json"));
    const texts = stored.map((name) => readFileSync(join(repo, name), "utf8"));
    expect(texts.map((text) => text.includes("plan")).toSorted()).toEqual([false, true]);
    const found = async (...more: readonly string[]) =>
      await mustDbbackupHere(["list", "--json", "--repo", repo, "--tag", "secret", ...more]);
    const without = await found();
    expect(JSON.parse(without.stdout.toString())).toMatchObject([{ tags: { secret: "plan" }, encrypted: false }]);
    expect(without.stderr).toContain("1 encrypted backup without a key");
    expect(JSON.parse((await found(...keys)).stdout.toString())).toHaveLength(2);
  });
});

describe("a removal that died before it had removed anything", () => {
  test("lets a hold say that nobody knows, until a clean-up forgets it", async () => {
    await using folder = await withTemporaryFolder();
    const repo = folder.path;
    const { id, name } = plantBackup(repo, "shop", 3);
    const record = join(repo, `${name}.removing.json`);
    writeFileSync(
      record,
      JSON.stringify({ kind: "removal", version: 1, id, metadata: `${name}.meta.json`, files: [name] }),
    );
    const refused = await dbbackupHere(["hold", id, "--repo", repo]);
    expect(refused.status).toBe(ExitStatus.failed);
    expect(refused.stderr).toContain("a run is removing it, or died when it began to");
    await clean(repo);
    expect(existsSync(record)).toBe(true);
    const before = new Date(Date.now() - 25 * 3600 * 1000);
    utimesSync(record, before, before);
    await clean(repo);
    expect(existsSync(record)).toBe(false);
    await mustDbbackupHere(["hold", id, "--repo", repo]);
    expect(await listed(repo)).toEqual([id]);
  });

  test("does not take what came since then for somebody else's when it goes on", async () => {
    await using folder = await withTemporaryFolder();
    const repo = folder.path;
    const { id, name } = plantBackup(repo, "shop", 3);
    const record = join(repo, `${name}.removing.json`);
    writeFileSync(
      record,
      JSON.stringify({ kind: "removal", version: 1, id, metadata: `${name}.meta.json`, files: [name] }),
    );
    writeFileSync(join(repo, `${name}.20260101T000000Z.verify.json`), verification(id, "ok"));
    writeFileSync(join(repo, `${name}x.20260101T000000Z.verify.json`), "somebody's");
    rmSync(join(repo, `${name}.meta.json`));
    await clean(repo);
    expect(readdirSync(repo)).toEqual([`${name}x.20260101T000000Z.verify.json`]);
  });
});

function keysOf(file: string): string {
  return `${file}.keys-20260102T030405Z-0a1b2c3d`;
}

function plantOld(repo: string, key: string, hours: number): string {
  const path = join(repo, key);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "as it was left");
  const time = new Date(Date.now() - hours * 3600 * 1000);
  utimesSync(path, time, time);
  return key;
}

async function strandedAmong(repo: string, ...args: readonly string[]): Promise<string[]> {
  const { stdout } = await mustDbbackupHere(["cleanup", "--repo", repo, "--json", ...args]);
  const { objects, stranded } = JSON.parse(stdout.toString());
  expect(objects).toEqual([]);
  return stranded;
}

describe("records of a backup of which nothing else is there", () => {
  const backup = "a_full_20260101T000000Z";

  test("go after a day, the key files of a folder too", async () => {
    await using folder = await withTemporaryFolder();
    const repo = folder.path;
    const { name } = plantBackup(repo, "shop", 3);
    const others = [keysOf(`${name}.meta.json`), keysOf(name), `${name}.20260102T030405Z.hold.json`];
    for (const key of others) plantOld(repo, key, 48);
    const whole = readdirSync(repo).toSorted();
    const old = [
      plantOld(repo, "a_full_20260101T000000Z.dump.20260102T030405Z-full-ok.verify.json", 25),
      plantOld(repo, "b_full_20260101T000000Z.dir.meta.json.keys-20260102T030405Z-0a1b2c3d", 25),
      plantOld(repo, keysOf("b_full_20260101T000000Z.dir/toc.dat.enc"), 25),
      plantOld(repo, keysOf("c_sample_20260101T000000Z-2.dump.enc"), 25),
      plantOld(repo, keysOf("d_full_20260101T000000Z.dir/toc.dat.enc"), 25),
      plantOld(repo, "cluster_full_20260101T000000Z.cluster.20260102T030405Z-2.hold.json", 25),
    ];
    for (const rules of [[], ["--keep-last", "1"]])
      expect(await strandedAmong(repo, "--dry-run", ...rules)).toEqual(expect.arrayContaining(old));
    expect((await strandedAmong(repo)).toSorted()).toEqual(old.toSorted());
    expect(readdirSync(repo).toSorted()).toEqual(whole);
  });

  test.each([
    ["whose maker may be about to look", ["a_full_20260101T000000Z.dump.20260102T030405Z.hold.json"], 23],
    ["beside a file that may be all that is left of it", [`${backup}.dump.enc`, keysOf(`${backup}.dump.enc`)], 48],
    ["beside a folder with a file", [`${backup}.dir/toc.dat.enc`, keysOf(`${backup}.dir.meta.json`)], 48],
    ["in a folder with a file", [keysOf(`${backup}.dir/1.dat.enc`), `${backup}.dir/toc.dat.enc`], 48],
    ["in a folder, whose maker may be about to look", [keysOf(`${backup}.dir/toc.dat.enc`)], 23],
    ["whose removal is not at its end", [`${backup}.dump.removing.json`, keysOf(`${backup}.dump.meta.json`)], 48],
    ["of a single file that was encrypted, and may be elsewhere", [keysOf("mine.enc")], 48],
    [
      "that are only called so",
      [`${backup}.keys-of-mine`, `${backup}.dump.x.hold.json`, `${backup}.keys-20260102T030405Z`],
      48,
    ],
  ])("stay, %s", async (_, keys, hours) => {
    await using folder = await withTemporaryFolder();
    for (const key of keys) plantOld(folder.path, key, hours);
    expect(await strandedAmong(folder.path)).toEqual([]);
    for (const key of keys) expect(existsSync(join(folder.path, key))).toBe(true);
  });

  test.runIf(process.getuid?.() === 0)(
    "stay in a folder that another user made, and keep nobody from the rest",
    async () => {
      await using folder = await withTemporaryFolder();
      const other = { uid: 65534, gid: 65534 };
      const repo = folder.path;
      chmodSync(repo, 0o755);
      const closed = plantOld(repo, keysOf(`${backup}.dir/toc.dat.enc`), 48);
      chmodSync(join(repo, `${backup}.dir`), 0o700);
      const open = plantOld(repo, keysOf("b_full_20260101T000000Z.dump.enc"), 48);
      for (const path of [repo, join(repo, open)]) chownSync(path, other.uid, other.gid);
      const args = ["cleanup", "--repo", repo, "--config", "none", "--catalogue", "none", "--json"];
      const { status, stdout, stderr } = await dbbackup(args, { ...other, cwd: "/" });
      expect({ status, stderr }).toEqual({ status: ExitStatus.done, stderr: "" });
      expect(JSON.parse(stdout.toString()).stranded).toEqual([open]);
      expect(existsSync(join(repo, closed))).toBe(true);
    },
  );
});
