import { copyFileSync, existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { SqliteCatalogue } from "../../src/catalogue/sqlite-catalogue.ts";
import { type BriefBackup, eachBackup, type Listing, listBackups } from "../../src/commands/list-backups.ts";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { monotonic } from "../../src/core/monotonic.ts";
import type { KnownRepository } from "../../src/ports/catalogue.ts";
import { LocalStorage } from "../../src/storage/local/local-storage.ts";
import { dbbackupHere } from "../helpers/dbbackup-here.ts";
import { plantBackup } from "../helpers/planted-backup.ts";
import { seededRandom } from "../helpers/seeded-random.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const { signal } = new AbortController();
const clock = { now: () => new Date(), monotonic };

/** Tells which objects were opened. */
class WatchedStorage extends LocalStorage {
  readonly opened: string[] = [];

  override open(key: string): ReturnType<LocalStorage["open"]> {
    this.opened.push(key);
    return super.open(key);
  }
}

/** What is only just written is not remembered. */
function makeOld(folder: string, key: string, secondsAgo: number): void {
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(join(folder, key), time, time);
}

function plantOld(folder: string, database: string, daysAgo: number, more = {}) {
  const planted = plantBackup(folder, database, daysAgo, more);
  makeOld(folder, `${planted.name}.meta.json`, 60 + daysAgo);
  return planted;
}

function textOf({ backups, unreadable }: Listing): string {
  return JSON.stringify([
    backups.map(({ backup, metadata, problems }) => [backup.location, metadata, problems]),
    unreadable.map(({ message, object }) => [message, object]),
  ]);
}

/** What lists of many are made of. */
async function briefText(storage: LocalStorage, known?: KnownRepository): Promise<string> {
  const found: BriefBackup[] = [];
  const { unreadable } = await eachBackup(storage, signal, (one) => void found.push(one), known);
  const whole = await listBackups(new LocalStorage(storage.location, clock), signal);
  const problems = new Map(whole.backups.map((one) => [one.key, one.problems]));
  for (const { key, problems: own } of found) expect(own).toEqual(problems.get(key));
  return JSON.stringify([found, unreadable.map(({ message, object }) => [message, object])]);
}

/** Metadata of which each says something that others do not. */
const peculiar: readonly Partial<BackupMetadata>[] = [
  {},
  { tags: { release: "4.2", kept: "" } },
  { base_backup: "another", backup_type: "incremental", duration_seconds: 2.5 },
  { hold_until: "2030-01-01T00:00:00Z", source: { system_identifier: "7" } },
  { partial: ["--table=a"], scope: "cluster", format: "directory", artifacts: [{ name: "folder/a", size: 1 }] },
  { sample: { kind: "ratio", value: 10, seed: 1 }, backup_type: "sample", size_bytes: 77 },
];

test("a second look opens no metadata, and a changed, removed or added backup is never shown as it was before", async () => {
  await using temporary = await withTemporaryFolder();
  const folder = temporary.path;
  const catalogue = new SqliteCatalogue(join(folder, "state", "c.sqlite"), "1");
  const repository = join(folder, "repository");
  const storage = new WatchedStorage(repository, clock);
  await (await storage.beginWork()).end();
  const next = seededRandom(11);
  const random = (below: number) => Math.floor(next() * below);
  const look = async () => textOf(await listBackups(storage, signal, catalogue.repository(repository)));
  const names: string[] = [];
  for (let round = 0; round < 40; round++) {
    for (let step = 0; step < 3; step++) {
      const at = random(names.length + 1);
      const name = names[at];
      const what = random(4);
      if (name === undefined || what < 2)
        names.push(plantOld(repository, `db${random(5)}`, random(900_000) / 1000, peculiar[random(6)]).name);
      else if (what === 2) {
        for (const end of ["", ".meta.json"]) rmSync(join(repository, name + end), { force: true });
        names.splice(at, 1);
      } else if (random(2) === 0) rmSync(join(repository, name), { force: true });
      else {
        writeFileSync(join(repository, `${name}.meta.json`), "{}");
        makeOld(repository, `${name}.meta.json`, 30);
      }
    }
    if (round % 2 === 0) expect(await look()).toBe(textOf(await listBackups(storage, signal)));
    expect(await briefText(storage, catalogue.repository(repository))).toBe(await briefText(storage));
    expect(await look()).toBe(textOf(await listBackups(storage, signal)));
  }
  // What cannot be read is read again every time.
  for (const key of readdirSync(repository).filter((name) => name.endsWith(".meta.json"))) {
    if (!(await listBackups(storage, signal)).backups.some(({ backup }) => backup.location.endsWith(key.slice(0, -10))))
      rmSync(join(repository, key));
  }
  await look();
  storage.opened.length = 0;
  expect(JSON.parse(await look())[0].length).toBeGreaterThan(5);
  expect(JSON.parse(await briefText(storage, catalogue.repository(repository)))[0].length).toBeGreaterThan(5);
  expect(storage.opened).toEqual([]);
  catalogue.close();
});

test("more backups than are read from the catalogue at a time", async () => {
  await using temporary = await withTemporaryFolder();
  const repository = join(temporary.path, "repository");
  const catalogue = new SqliteCatalogue(join(temporary.path, "state", "c.sqlite"), "1");
  const storage = new WatchedStorage(repository, clock);
  await (await storage.beginWork()).end();
  const planted = Array.from({ length: 700 }, (_, n) => plantOld(repository, `db${n % 7}`, n / 10));
  const look = async () => textOf(await listBackups(storage, signal, catalogue.repository(repository)));
  const briefly = async () => await briefText(storage, catalogue.repository(repository));
  const first = [await briefly(), await look()];
  expect(storage.opened).toHaveLength(700);
  expect([await briefly(), await look()]).toEqual(first);
  expect(storage.opened).toHaveLength(700);
  rmSync(join(repository, planted[300]!.name));
  rmSync(join(repository, `${planted[300]!.name}.meta.json`));
  const added = ["a", "z"].map((database) => plantOld(repository, database, 1).name);
  makeOld(repository, `${planted[500]!.name}.meta.json`, 10);
  storage.opened.length = 0;
  expect(await briefly()).toBe(await briefText(new LocalStorage(repository, clock)));
  expect(await look()).toBe(textOf(await listBackups(new LocalStorage(repository, clock), signal)));
  expect(storage.opened.toSorted()).toEqual(
    [...added, planted[500]!.name].map((name) => `${name}.meta.json`).toSorted(),
  );
  catalogue.close();
});

test("what was just written, and metadata that another version read, are read again", async () => {
  await using temporary = await withTemporaryFolder();
  const folder = temporary.path;
  const file = join(folder, "state", "c.sqlite");
  const storage = new WatchedStorage(folder, clock);
  const { name } = plantBackup(folder, "shop", 3);
  const look = async (version: string) => {
    const catalogue = new SqliteCatalogue(file, version);
    storage.opened.length = 0;
    await listBackups(storage, signal, catalogue.repository(folder));
    catalogue.close();
    return storage.opened.length;
  };
  expect([await look("1"), await look("1")]).toEqual([1, 1]);
  makeOld(folder, `${name}.meta.json`, 60);
  expect([await look("1"), await look("1"), await look("2"), await look("2")]).toEqual([1, 0, 1, 0]);
});

test("repositories with the same backup, and servers with databases of one name, are kept apart", async () => {
  await using temporary = await withTemporaryFolder();
  const folder = temporary.path;
  const catalogue = new SqliteCatalogue(join(folder, "state", "c.sqlite"), "1");
  const [here, there] = [join(folder, "here"), join(folder, "there")];
  for (const place of [here, there]) await (await new LocalStorage(place, clock).beginWork()).end();
  const one = plantOld(here, "shop", 1, { host: "db1" });
  plantOld(here, "shop", 2, { host: "db2" });
  for (const end of ["", ".meta.json"]) copyFileSync(join(here, one.name + end), join(there, one.name + end));
  makeOld(there, `${one.name}.meta.json`, 60);
  const look = (place: string) => listBackups(new LocalStorage(place, clock), signal, catalogue.repository(place));
  for (let round = 0; round < 2; round++) {
    expect((await look(here)).backups.map(({ metadata }) => metadata.host)).toEqual(["db2", "db1"]);
    expect((await look(there)).backups.map(({ backup }) => backup.location)).toEqual([join(there, one.name)]);
  }
  rmSync(join(there, one.name));
  rmSync(join(there, `${one.name}.meta.json`));
  expect((await look(there)).backups).toEqual([]);
  expect((await look(here)).backups).toHaveLength(2);
  // One service's bucket is not another's of the same name; credentials are not kept.
  const url = "s3://name:Geh31m@bucket/x?endpoint=";
  const object = { key: "k", size: 1, modified: new Date(0) };
  catalogue.repository(`${url}a`).remember([{ object, text: "{}", brief: { common: "{}", own: "[]" } }]);
  expect(catalogue.repository(`${url}b`).textOf(object)).toBeUndefined();
  expect(catalogue.repositories().filter((location) => location.startsWith("s3:"))).toEqual(["s3://bucket/x"]);
  catalogue.close();
});

test("list with filters, orders and a limit", async () => {
  await using temporary = await withTemporaryFolder();
  const folder = temporary.path;
  const file = join(folder, "state", "c.sqlite");
  const sizes = [30, 10, 20];
  for (const [at, size] of sizes.entries()) plantOld(folder, "shop", at + 1, { duration_seconds: size });
  plantOld(folder, "shopping", 40, { backup_type: "sample" });
  plantOld(folder, "blog", 8);
  const list = async (...more: readonly string[]) => {
    const { stdout } = await dbbackupHere(["list", "--json", "--repo", folder, "--catalogue", file, ...more]);
    const found = JSON.parse(stdout.toString()) as { database: string; duration_seconds?: number }[];
    return found.map(({ database, duration_seconds: seconds }) => `${database}${seconds ?? ""}`).join(" ");
  };
  expect(await list()).toBe("shopping blog shop20 shop10 shop30");
  expect(await list("--limit", "2")).toBe("shop10 shop30");
  expect(await list("--reverse", "--limit", "2")).toBe("shop30 shop10");
  expect(await list("--sort", "duration", "--limit", "2")).toBe("shop30 shop20");
  expect(await list("--sort", "database", "--reverse")).toBe("shopping shop30 shop10 shop20 blog");
  expect(await list("--database", "shop?*")).toBe("shopping");
  expect(await list("--database", "blog", "--database", "shopping")).toBe("shopping blog");
  expect(await list("--kind", "sample")).toBe("shopping");
  expect(await list("--since", "10d", "--before", "36h")).toBe("blog shop20 shop10");
  expect((await dbbackupHere(["list", "--repo", folder, "--since", "soon"])).status).toBe(2);
});

test("rebuilt, or made anew, it gives the same answers; a damaged one is put aside", async () => {
  await using temporary = await withTemporaryFolder();
  const folder = temporary.path;
  const file = join(folder, "state", "c.sqlite");
  for (const days of [1, 2, 3]) plantOld(folder, "shop", days);
  const common = ["--repo", folder, "--catalogue", file];
  const list = async () => (await dbbackupHere(["list", "--json", ...common])).stdout.toString();
  const before = await list();
  expect(JSON.parse(before)).toHaveLength(3);
  await dbbackupHere(["cleanup", ...common]);
  const history = async () => (await dbbackupHere(["history", "--json", ...common.slice(2)])).stdout.toString();
  const done = await history();
  expect(JSON.parse(done)).toHaveLength(1);
  expect((await dbbackupHere(["catalogue", "rebuild", ...common])).status).toBe(0);
  expect([await list(), await history()]).toEqual([before, done]);
  for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
  expect((await dbbackupHere(["catalog", "rebuild", ...common])).status).toBe(0);
  expect([await list(), JSON.parse(await history())]).toEqual([before, []]);
  const database = new DatabaseSync(file, { readOnly: true });
  expect(database.prepare("select count(*) as n from objects").get()).toEqual({ n: 3 });
  database.close();
  for (const end of ["-wal", "-shm"]) rmSync(file + end, { force: true });
  writeFileSync(file, "this is no database ".repeat(1000));
  expect(await list()).toBe(before);
  const rebuilt = await dbbackupHere(["catalog", "rebuild", ...common]);
  expect([rebuilt.status, rebuilt.stderr]).toEqual([0, expect.stringContaining("is lost")]);
  expect(readdirSync(join(folder, "state")).some((name) => name.includes(".damaged-"))).toBe(true);
  expect(existsSync(file)).toBe(true);
  expect(await list()).toBe(before);
});
