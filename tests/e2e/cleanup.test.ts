import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatCopyRecord } from "../../src/commands/transfer/copy-record.ts";
import { LocalStorage } from "../../src/storage/local/local-storage.ts";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

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

test("a folder that is not there is named", async () => {
  await using folder = await withTemporaryFolder();
  const { status, stderr } = await dbbackupHere(["cleanup", "--repo", join(folder.path, "nowhere")]);
  expect([status, stderr]).toEqual([1, expect.stringContaining("no such")]);
});
