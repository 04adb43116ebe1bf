import { expect, test } from "vitest";
import { BackupError } from "../../src/core/backup-error.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { LocalStorage } from "../../src/storage/local/local-storage.ts";
import { SimulatedFileSystem } from "./simulated-file-system.ts";
import { type SimulatedProcess, SimulatedWorld } from "./simulated-world.ts";

const id = "019e1f30-0000-7000-8000-000000000001";
const request = { id, note: "a copy", folder: undefined, seal: "a.meta.json" };
const HOUR_MS = 3_600_000;

/** Three runs take up the same transfer at once, in an order that the seed decides, where a run before was killed or was not. */
async function race(seed: number, hasLocks: boolean): Promise<{ readonly ends: number; readonly refusals: number }> {
  const world = new SimulatedWorld(seed, Date.UTC(2026, 10, 20));
  using system = new SimulatedFileSystem(world, hasLocks ? {} : { hasNoLocks: true });
  system.disk.makeFolder(["repo"]);
  const clock: Clock = { now: () => new Date(world.now), monotonic: () => world.now };
  const open = (process: SimulatedProcess) => new LocalStorage(system.pathOf(process, "repo"), clock);
  const first = system.process("first");
  if (world.isChance(0.7)) {
    world.start(first, async () => {
      const transfer = await open(first).beginTransfer(request);
      const file = await transfer.open("a");
      await file.write(Buffer.from("half of it"));
      await file.end();
      await transfer.publish();
    });
    await world.run(world.below(60));
    world.kill(first);
    system.releaseLocks();
    // Where there are no locks, that says that it is gone.
    world.now += HOUR_MS;
  }
  const idle = async (process: SimulatedProcess): Promise<void> => {
    for (let count = world.below(20); count > 0; count--) await world.call(process, "idle", () => {});
  };
  let atWork = 0;
  let ends = 0;
  let refusals = 0;
  const failures: unknown[] = [];
  const run = async (process: SimulatedProcess): Promise<void> => {
    const storage = open(process);
    await idle(process);
    for (let count = world.below(3); count > 0; count--) await storage.sweep();
    const transfer = await storage.beginTransfer(request);
    expect(++atWork).toBe(1);
    if ((await storage.stat("a.meta.json")) !== undefined) return void atWork--;
    const file = await transfer.open("a");
    if (file.position === 0) await file.write(Buffer.from("half of it"));
    await file.resumed?.close();
    await file.end();
    await transfer.publish();
    await transfer.seal("a.meta.json", Buffer.from("{}"));
    atWork--;
    await transfer.end();
    ends++;
  };
  for (const name of ["one", "two", "three"]) {
    const process = system.process(name);
    world.start(process, () =>
      run(process).catch((error: unknown) => {
        const isRefused = error instanceof BackupError && ["PRECHECK", "EXISTS"].includes(error.code);
        if (isRefused) refusals++;
        else failures.push(error);
      }),
    );
  }
  for (const name of ["sweeper", "cleaner"]) {
    const process = system.process(name);
    world.start(process, async () => {
      await idle(process);
      for (let count = 0; count < 4; count++) await open(process).sweep();
    });
  }
  await world.run();
  expect(failures).toEqual([]);
  expect(system.disk.file(["repo", "a"]).bytes.toString()).toBe("half of it");
  expect(system.disk.file(["repo", "a.meta.json"]).bytes.toString()).toBe("{}");
  return { ends, refusals };
}

test.each([
  { hasLocks: true, count: 250 },
  { hasLocks: false, count: 100 },
])(
  "of runs that take up the same transfer at once one is at work at a time (locks: $hasLocks)",
  async ({ hasLocks, count }) => {
    let refusals = 0;
    for (let seed = 0; seed < count; seed++) {
      const result = await race(seed, hasLocks).catch((error: Error) => {
        throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
      });
      expect(result.ends).toBeGreaterThan(0);
      refusals += result.refusals;
    }
    // Races in which nobody meets prove nothing.
    expect(refusals).toBeGreaterThan(count / 5);
  },
);
