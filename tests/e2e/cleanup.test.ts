import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatCopyRecord } from "../../src/commands/transfer/copy-record.ts";
import { LocalStorage } from "../../src/storage/local/local-storage.ts";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { plantBackup } from "../helpers/planted-backup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

const clock = { now: () => new Date(), monotonic: () => performance.now() };

async function clean(repo: string, ...args: readonly string[]) {
  return JSON.parse((await mustDbbackupHere(["cleanup", "--repo", repo, "--json", ...args])).stdout.toString());
}

test("a folder: what a killed run published and never sealed goes, what lives and what is a backup stays", async () => {
  await using folder = await withTemporaryFolder();
  const program = join(import.meta.dirname, "../helpers/storage-program.ts");
  const stdio = ["ignore", "pipe", "ignore"] as const;
  const running = spawn(process.execPath, [program, folder.path, "shop", "1000", "wait"], { stdio: [...stdio] });
  const ended = once(running, "exit");
  await once(running.stdout!, "data");
  writeFileSync(join(folder.path, "mine.txt"), "mine");
  expect(await clean(folder.path)).toMatchObject({ runs: 0, objects: [] });
  running.kill("SIGKILL");
  await ended;
  const before = readdirSync(folder.path);
  expect(before).toContain("shop.dump");
  expect(await clean(folder.path, "--dry-run")).toMatchObject({ dry_run: true, runs: 1, objects: ["shop.dump"] });
  expect(readdirSync(folder.path)).toEqual(before);
  expect(await clean(folder.path)).toEqual({
    dry_run: false,
    runs: 1,
    objects: ["shop.dump"],
    uploads: [],
    removals: [],
    verifications: [],
    stranded: [],
    unfinished: [],
  });
  expect(readdirSync(folder.path)).toEqual(["mine.txt"]);
});

test("copies that can go on stay until they are abandoned, and those that a run is at stay then, too", async () => {
  await using folder = await withTemporaryFolder();
  const storage = new LocalStorage(folder.path, clock);
  const begin = async (database: string) => {
    const id = randomUUID();
    const note = formatCopyRecord({ id, database });
    const transfer = await storage.beginTransfer({ id, note, folder: undefined, seal: `${database}.json` });
    await (await transfer.open(`${database}.dump`)).write(Buffer.alloc(100));
    return { id, transfer };
  };
  const [resting, living] = [await begin("resting"), await begin("living")];
  await resting.transfer.end();
  const told = (removed: boolean) => ({
    unfinished: expect.arrayContaining([
      expect.objectContaining({ id: resting.id, kind: "copy", database: "resting", busy: false, removed }),
      expect.objectContaining({ id: living.id, kind: "copy", database: "living", busy: true, removed: false }),
    ]),
  });
  expect(await clean(folder.path)).toMatchObject(told(false));
  expect(await clean(folder.path, "--abandon-unfinished", "--dry-run")).toMatchObject(told(true));
  expect(readdirSync(folder.path)).toHaveLength(2);
  expect(await clean(folder.path, "--abandon-unfinished")).toMatchObject(told(true));
  expect(readdirSync(folder.path)).toEqual([`.tmp-${living.id}`]);
  await living.transfer.discard();
  const text = await mustDbbackupHere(["cleanup", "--repo", folder.path]);
  expect(text.stdout.toString()).toBe("removed 0 objects and 0 unfinished uploads of 0 runs that had died\n");
});

test("of many records of verifications the newest of each level and outcome stay, and no false ones push them out", async () => {
  await using folder = await withTemporaryFolder();
  const { id, name } = plantBackup(folder.path, "shop", 20);
  const other = plantBackup(folder.path, "other", 20);
  const record = (n: number, label: string, backup: string, level: string, status: string): string => {
    const day = `2026-10-${String(n).padStart(2, "0")}`;
    const key = `${name}.${day.replaceAll("-", "")}T000000Z-${label}.verify.json`;
    const common = { version: 1, id: randomUUID(), backup: name, backup_id: backup, tool: { name: "x", version: "1" } };
    const found = { duration_seconds: 1, phases: [], counts: {}, damage_count: 0, damage: [], notes: [], checks: [] };
    const text = JSON.stringify({ ...common, timestamp: `${day}T00:00:00.000Z`, level, status, ...found });
    writeFileSync(join(folder.path, key), text);
    return key;
  };
  const days = Array.from({ length: 14 }, (_, n) => n + 1);
  const good = days.map((n) => record(n, "full-ok", id, "full", "ok"));
  const quick = days.slice(0, 3).map((n) => record(n, "quick-ok", id, "quick", "ok"));
  const bad = record(1, "full-damaged", id, "full", "damaged");
  // Newer, and of another backup, or not what their names say.
  const others = days.map((n) =>
    record(n + 14, "full-ok", n % 2 === 0 ? other.id : id, "full", n % 2 === 0 ? "ok" : "damaged"),
  );
  const before = readdirSync(folder.path);
  const [gone, kept] = [good.slice(0, 4), good.slice(4)];
  const rules = ["--retention-days", "900"];
  for (const args of [["--dry-run"], ["--dry-run", ...rules], rules]) {
    expect((await clean(folder.path, ...args)).verifications.toSorted(), args.join(" ")).toEqual(gone);
    const there = readdirSync(folder.path);
    expect(there).toEqual(args[0] === "--dry-run" ? before : before.filter((key) => !gone.includes(key)));
  }
  expect(readdirSync(folder.path)).toEqual(expect.arrayContaining([...kept, ...quick, bad, ...others]));
  expect((await clean(folder.path)).verifications).toEqual([]);
});

test("records of encrypted backups stay without a key, and with it only those that it wrote count", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withDatabase(await sharedServer(18));
  const [repo, key] = [join(folder.path, "repo"), newKeyFile(join(folder.path, "key"))];
  const args = ["--repo", repo, "--key-file", key];
  await mustDbbackupHere(["backup", "single", database.name, "--url", database.url, "--encrypt", ...args]);
  for (let n = 0; n < 12; n++) await mustDbbackupHere(["verify", "--all", "--quick", ...args]);
  const records = () => readdirSync(repo).filter((name) => name.endsWith(".verify.json"));
  expect(records()).toHaveLength(12);
  // The outcome of a false one that is newer than all.
  const [first] = records();
  const text = readFileSync(join(repo, first!), "utf8");
  const forged = first!.replace(/\d{8}T/, "20990101T");
  writeFileSync(join(repo, forged), text.replace(/"mac": "\w/, '"mac": "'));
  expect((await clean(repo, "--keep-last", "1")).verifications).toEqual([]);
  expect((await clean(repo, "--keep-last", "1", "--key-file", key)).verifications).toHaveLength(2);
  expect(records()).toHaveLength(11);
  expect(records()).toContain(forged);
});

test("a folder that is not there is named", async () => {
  await using folder = await withTemporaryFolder();
  const { status, stderr } = await dbbackupHere(["cleanup", "--repo", join(folder.path, "nowhere")]);
  expect([status, stderr]).toEqual([1, expect.stringContaining("no such")]);
});

test("records of a backup that is gone are told by themselves, and go after a day", async () => {
  await using folder = await withTemporaryFolder();
  const { name } = plantBackup(folder.path, "shop", 20);
  for (const key of readdirSync(folder.path)) rmSync(join(folder.path, key));
  const old = `${name}.20261001T000000Z-full-ok.verify.json`;
  for (const key of [old, `${name.replace("shop", "till")}.20261001T000000Z-full-ok.verify.json`]) {
    writeFileSync(join(folder.path, key), "{}");
  }
  const twoDaysAgo = new Date(Date.now() - 48 * 3600 * 1000);
  utimesSync(join(folder.path, old), twoDaysAgo, twoDaysAgo);
  expect(await clean(folder.path, "--dry-run")).toMatchObject({ objects: [], stranded: [old] });
  expect(readdirSync(folder.path)).toHaveLength(2);
  const { stdout } = await mustDbbackupHere(["cleanup", "--repo", folder.path]);
  expect(stdout.toString().split("\n")).toEqual([
    `record of a backup that is gone  ${old}`,
    "removed 0 objects and 0 unfinished uploads of 0 runs that had died",
    "removed 1 record of backups that are gone",
    "",
  ]);
  expect(readdirSync(folder.path)).toHaveLength(1);
});
