import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Finished, runProgram } from "../../../tests/helpers/run-program.ts";
import { LocalStorage } from "./local-storage.ts";

const helpers = join(import.meta.dirname, "../../../tests/helpers");
const clock = { now: () => new Date(), monotonic: () => performance.now() };
let folder: string;
let storage: LocalStorage;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dbbackup-faults-"));
  storage = new LocalStorage(folder, clock);
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Runs the two-object backup in a process of its own, with a fault in it. */
async function backup(name: string, fault = "", bytes = 3_000_000): Promise<Finished> {
  const args = ["--import", join(helpers, "fault-preload.ts"), join(helpers, "storage-program.ts"), folder, name];
  const env = { DBBACKUP_TEST_FAULT: fault };
  return await runProgram(process.execPath, [...args, String(bytes)], { env });
}

const modes = (path: string): string => (lstatSync(path).mode & 0o777).toString(8);
const isWork = (name: string): boolean => name.startsWith(".tmp-");
const visible = (): string[] => readdirSync(folder).filter((name) => !isWork(name));

/** After a crash and a sweep: either the whole backup, or nothing at all. */
function expectAllOrNothing(name: string): "all" | "nothing" {
  const found = visible().filter((file) => file.startsWith(`${name}.`));
  expect(readdirSync(folder).filter(isWork)).toEqual([]);
  if (found.length === 0) return "nothing";
  expect(found).toEqual([`${name}.dump`, `${name}.dump.meta.json`]);
  expect(lstatSync(join(folder, `${name}.dump`)).size).toBe(3_000_000);
  expect(readFileSync(join(folder, `${name}.dump.meta.json`), "utf8")).toBe(name);
  return "all";
}

test("kill -9 before or after any step leaves a whole backup or nothing, once swept", async () => {
  const counted = await backup("count", "count:any");
  expect(counted.status).toBe(0);
  const steps = Number(/calls:(\d+)/.exec(counted.stderr)?.[1]);
  expect(steps).toBeGreaterThan(20);
  // After the last step nothing happens: each other "after" is the next one's "before".
  const moments = Array.from({ length: steps }, (_, index) => `kill-before:any:${index + 1}`);
  moments.push(`kill-after:any:${steps}`);
  const outcomes: string[] = [];
  // Two at once: also a sweep meets works of others that live.
  const queue = moments.map((fault, index) => ({ fault, name: `run${index}` }));
  const killed: string[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { status } = await backup(next.name, next.fault);
      expect([next.fault, status]).toEqual([next.fault, 137]);
      killed.push(next.name);
      await storage.sweep();
    }
  };
  await Promise.all([worker(), worker()]);
  // A folder whose maker died before it could lock it is left alone until it has been silent for long.
  for (const name of readdirSync(folder).filter(isWork)) utimesSync(join(folder, name), 0, 0);
  await storage.sweep();
  for (const name of killed) outcomes.push(expectAllOrNothing(name));
  expect(outcomes.filter((outcome) => outcome === "all").length).toBeGreaterThan(3);
  expect(outcomes.filter((outcome) => outcome === "nothing").length).toBeGreaterThan(20);
  expectAllOrNothing("count");
});

test.each([
  ["ENOSPC:write:2", /no space left/],
  ["EDQUOT:write:1", /quota/],
  ["EIO:fsync:1", /input\/output error/],
  ["EIO:fsync:3", /input\/output error/],
  ["EIO:close:3", /input\/output error/],
  ["EACCES:link:1", /permission denied/],
  ["EIO:link:2", /input\/output error/],
  ["EROFS:open:5", /read-only/],
])("%s ends in a clear error, and nothing is left", async (fault, message) => {
  const { status, stderr } = await backup("run", fault);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
  // What fails for good may also fail in the end: whatever the run could not remove, the next one does.
  await storage.sweep();
  expect(expectAllOrNothing("run")).toBe("nothing");
});

test("without hard links the backup moves to its name, and still overwrites nothing", async () => {
  expect((await backup("run", "EPERM:link:1")).status).toBe(0);
  expect(expectAllOrNothing("run")).toBe("all");
  const again = await backup("run", "EPERM:link:1", 10);
  expect(again.status).toBe(1);
  expect(again.stderr).toContain("EXISTS");
  expect(expectAllOrNothing("run")).toBe("all");
});

/** A run that stands between artifact and metadata. */
async function waitingRun(name: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(helpers, "storage-program.ts"), folder, name, "1000", "wait"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout!, "data");
  return child;
}

test("the work of a living process is not swept, that of a dead one is, with what it had published", async () => {
  const child = await waitingRun("run");
  expect(await storage.sweep()).toEqual({ works: 0, objects: [], uploads: [], noted: [] });
  expect(visible()).toEqual(["run.dump"]);
  child.kill("SIGKILL");
  await once(child, "exit");
  const [first, second] = await Promise.all([storage.sweep(), new LocalStorage(folder, clock).sweep()]);
  expect(first.works + second.works).toBe(1);
  expect([...first.objects, ...second.objects]).toEqual(["run.dump"]);
  expect(readdirSync(folder)).toEqual([]);
});

test("what somebody else has put in the place of a dead run's object is not removed", async () => {
  const child = await waitingRun("run");
  child.kill("SIGKILL");
  await once(child, "exit");
  await rm(join(folder, "run.dump"));
  writeFileSync(join(folder, "run.dump"), Buffer.alloc(1000, "run"));
  expect(await storage.sweep()).toEqual({ works: 1, objects: [], uploads: [], noted: [] });
  expect(visible()).toEqual(["run.dump"]);
});

test("a dead owner on another machine, or before a reboot, is given time to show that it lives", async () => {
  const child = await waitingRun("run");
  child.kill("SIGKILL");
  await once(child, "exit");
  const owner = join(folder, readdirSync(folder).find(isWork)!, "owner.json");
  writeFileSync(owner, JSON.stringify({ ...JSON.parse(readFileSync(owner, "utf8")), boot_id: "another" }));
  expect((await storage.sweep()).works).toBe(0);
  const longAgo = new Date(Date.now() - 11 * 60_000);
  utimesSync(owner, longAgo, longAgo);
  expect((await storage.sweep()).works).toBe(1);
});

test("foreign files and folders are never swept", async () => {
  writeFileSync(join(folder, ".tmp-file"), "");
  mkdirSync(join(folder, ".tmp-folder/deep"), { recursive: true });
  writeFileSync(join(folder, "foreign.dump"), "");
  utimesSync(join(folder, ".tmp-folder"), 0, 0);
  await storage.sweep();
  expect(readdirSync(folder).toSorted()).toEqual([".tmp-file", ".tmp-folder", "foreign.dump"]);
});

test.each([0, 0o777])("files are 0600 and folders 0700 at umask %o", async (umask) => {
  const before = process.umask(umask);
  try {
    const repository = new LocalStorage(join(folder, "a/b"), clock);
    const work = await repository.beginWork();
    const pending = await work.create();
    await pending.commit("sub/x", "seal");
    const workPath = join(folder, "a/b", `.tmp-${work.id}`);
    for (const path of ["a", "a/b", "a/b/sub"]) expect(modes(join(folder, path))).toBe("700");
    expect(modes(workPath)).toBe("700");
    for (const name of readdirSync(workPath)) expect(modes(join(workPath, name))).toBe("600");
    expect(modes(join(folder, "a/b/sub/x"))).toBe("600");
    await work.end();
  } finally {
    process.umask(before);
  }
});

test("symbolic links are neither followed nor listed", async () => {
  writeFileSync(join(folder, "outside"), "secret");
  const inner = new LocalStorage(join(folder, "inner"), clock);
  mkdirSync(join(folder, "inner"));
  symlinkSync("../outside", join(folder, "inner/link"));
  symlinkSync("..", join(folder, "inner/up"));
  await expect(inner.open("link")).rejects.toMatchObject({
    code: "IO",
    message: expect.stringContaining("symbolic link"),
  });
  await expect(inner.open("up/outside")).rejects.toMatchObject({ message: expect.stringContaining("leads out") });
  expect(await inner.stat("link")).toBeUndefined();
  for await (const { key } of inner.list("", { recursive: true })) throw new Error(`listed ${key}`);
  const work = await inner.beginWork();
  await expect((await work.create()).commit("link", "seal")).rejects.toMatchObject({ code: "EXISTS" });
  await work.end();
  expect(readFileSync(join(folder, "outside"), "utf8")).toBe("secret");
});

test("a folder, a pipe and a file in the way are named, not read", async () => {
  mkdirSync(join(folder, "d"));
  writeFileSync(join(folder, "f"), "");
  await expect(storage.open("d")).rejects.toMatchObject({ code: "IO" });
  await expect(new LocalStorage(join(folder, "f"), clock).beginWork()).rejects.toMatchObject({
    code: "IO",
    message: expect.stringContaining("not a folder"),
  });
  await expect(
    new LocalStorage(join(folder, "none"), clock).list("")[Symbol.asyncIterator]().next(),
  ).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});

test.runIf(process.getuid?.() !== 0)("a folder without the right to write is refused with the reason", async () => {
  chmodSync(folder, 0o500);
  await expect(storage.beginWork()).rejects.toMatchObject({
    code: "IO",
    message: expect.stringContaining("permission"),
  });
  chmodSync(folder, 0o700);
});

test.runIf(process.getuid?.() === 0 && process.platform === "linux")("a full disk ends in a clear error", async () => {
  const mount = await runProgram("mount", ["-t", "tmpfs", "-o", "size=2m", "dbbackup-test", folder]);
  expect(mount.status).toBe(0);
  try {
    const { status, stderr } = await backup("run");
    expect(status).toBe(1);
    expect(stderr).toMatch(/no space left on the device/);
    expect(readdirSync(folder)).toEqual([]);
    expect((await backup("small", "", 1000)).status).toBe(0);
    expect(visible()).toEqual(["small.dump", "small.dump.meta.json"]);
  } finally {
    expect((await runProgram("umount", [folder])).status).toBe(0);
  }
});
