import { lstatSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Finished, runProgram } from "../../../tests/helpers/run-program.ts";
import type { PendingFolder } from "../../ports/storage.ts";
import { LocalStorage } from "./local-storage.ts";

const helpers = join(import.meta.dirname, "../../../tests/helpers");
const bytes = 1000;
let root: string;
let storage: LocalStorage;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "dbbackup-folders-"));
  storage = new LocalStorage(root, { now: () => new Date(), monotonic: () => performance.now() });
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Makes a backup of a folder and its metadata in a process of its own, with a fault in it. */
async function backup(name: string, fault: string): Promise<Finished> {
  const args = ["--import", join(helpers, "fault-preload.ts"), join(helpers, "storage-program.ts"), root, name];
  return await runProgram(process.execPath, [...args, `${bytes}`, "folder"], { env: { DBBACKUP_TEST_FAULT: fault } });
}

async function fill(folder: PendingFolder, ...names: string[]): Promise<void> {
  for (const name of names) {
    const file = await folder.create(name);
    await file.write(Buffer.from(name));
    await file.end();
  }
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of storage.list("", { recursive: true })) found.push(key);
  return found;
}

test("kill -9 at any step leaves a whole folder or nothing, once swept", async () => {
  const counted = await backup("count", "count:any");
  const steps = Number(/calls:(\d+)/.exec(counted.stderr)?.[1]);
  expect(steps).toBeGreaterThan(20);
  const waiting = Array.from({ length: steps }, (_, index) => index + 1);
  const worker = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const { status } = await backup(`run${step}`, `kill-before:any:${step}`);
      expect([step, status]).toEqual([step, 137]);
    }
  };
  await Promise.all([worker(), worker()]);
  // A folder whose maker died before it could lock it is left alone until it has been silent for long.
  for (const name of readdirSync(root)) if (name.startsWith(".tmp-")) utimesSync(join(root, name), 0, 0);
  await storage.sweep();
  const found = readdirSync(root);
  const whole = found.filter((name) => name.endsWith(".dir"));
  expect(found.toSorted()).toEqual(whole.flatMap((name) => [name, name.replace(".dir", ".dump.meta.json")]).toSorted());
  for (const name of whole) {
    expect(readdirSync(join(root, name)).toSorted()).toEqual(["1.dat", "toc.dat"]);
    expect(lstatSync(join(root, name, "toc.dat")).size).toBe(bytes);
  }
  // The one that was counted, and those that died after their seal.
  expect(whole.length).toBeGreaterThan(1);
  expect(whole.length).toBeLessThan(steps / 2);
});

test.each(["ENOSPC:write:2", "EIO:fsync:2", "EIO:rename:1", "ENOSPC:mkdir:2"])("%s leaves nothing", async (fault) => {
  expect((await backup("run", fault)).status).toBe(1);
  await storage.sweep();
  expect(readdirSync(root)).toEqual([]);
});

test("a folder appears as a whole, for its owner alone, and never over another", async () => {
  const work = await storage.beginWork();
  const folder = await work.createFolder();
  await fill(folder, "toc.dat", "1.dat.gz");
  expect(await keys()).toEqual([]);
  mkdirSync(join(root, "taken.dir"));
  writeFileSync(join(root, "taken.dir/precious"), "");
  writeFileSync(join(root, "file.dir"), "");
  for (const key of ["taken.dir", "file.dir"])
    await expect(folder.commit(key)).rejects.toMatchObject({ code: "EXISTS" });
  mkdirSync(join(root, "empty.dir"));
  await folder.commit("empty.dir");
  expect(await keys()).toEqual(["empty.dir/1.dat.gz", "empty.dir/toc.dat", "file.dir", "taken.dir/precious"]);
  expect((lstatSync(join(root, "empty.dir")).mode & 0o777).toString(8)).toBe("700");
  expect((lstatSync(join(root, "empty.dir/toc.dat")).mode & 0o777).toString(8)).toBe("600");
  // Never sealed: it goes again.
  await work.end();
  expect(await keys()).toEqual(["file.dir", "taken.dir/precious"]);
});

test("what somebody put into a folder that was never sealed stays", async () => {
  const work = await storage.beginWork();
  const folder = await work.createFolder();
  await fill(folder, "toc.dat");
  await folder.commit("run.dir");
  writeFileSync(join(root, "run.dir/mine"), "");
  await work.end();
  expect(await keys()).toEqual(["run.dir/mine"]);
});

test("a file of an open folder is closed, and removed, when the work ends", async () => {
  const work = await storage.beginWork();
  const folder = await work.createFolder();
  await (await folder.create("toc.dat")).write(Buffer.alloc(10));
  await expect(folder.commit("run.dir")).rejects.toThrow("not ended");
  await work.end();
  expect(readdirSync(root)).toEqual([]);
});

test("a spool gives back what it took, small or large, again and again, and leaves nothing", async () => {
  const work = await storage.beginWork();
  const spool = await work.openSpool();
  for (const sizes of [[10, 20], [], [700_000, 700_000, 5], [3_000_000], [1]]) {
    const pieces = sizes.map((size, index) => Buffer.alloc(size, index + 1));
    for (const piece of pieces) await spool.write(piece);
    expect(spool.size).toBe(sizes.reduce((sum, size) => sum + size, 0));
    const back: Buffer[] = [];
    for await (const piece of spool.drain()) back.push(Buffer.from(piece));
    expect(Buffer.concat(back).equals(Buffer.concat(pieces))).toBe(true);
    expect(spool.size).toBe(0);
  }
  await work.end();
  expect(readdirSync(root)).toEqual([]);
});
