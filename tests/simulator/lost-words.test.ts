import { expect, test } from "vitest";
import { ObjectStorage } from "../../src/storage/object/object-storage.ts";
import { SimulatedBucket } from "./simulated-bucket.ts";
import { SimulatedFileSystem } from "./simulated-file-system.ts";
import { simulateSurroundings } from "./simulated-surroundings.ts";
import { SimulatedWorld } from "./simulated-world.ts";

const id = "019e1f30-0000-7000-8000-000000000001";
const HOUR_MS = 3_600_000;

test("a copy that died before it had written its record leaves nothing: a sweep of the next day removes what it had said", async () => {
  const world = new SimulatedWorld(1, Date.UTC(2026, 10, 20));
  using system = new SimulatedFileSystem(world);
  using _ = simulateSurroundings((process) => system.pathOf(process, "state"));
  const bucket = new SimulatedBucket(world);
  const clock = { now: () => new Date(world.now), monotonic: () => world.now };
  const storageOf = (name: string) => {
    const process = system.process(name);
    return { process, storage: new ObjectStorage(bucket.open(process, "b"), clock) };
  };
  const first = storageOf("first");
  world.fateOf = (process, what) =>
    process === first.process && what.includes("owner.json") && what.startsWith("bucket put")
      ? { kind: "dies", isDone: false }
      : { kind: "done" };
  world.start(first.process, async () => {
    await first.storage.beginTransfer({ id, note: "a copy", folder: undefined, seal: "a.meta.json" });
  });
  await world.run();
  const said = [`.tmp-${id}/taken-1`];
  expect(bucket.files.keys()).toEqual(said);
  const sweep = async (dryRun: boolean) => {
    const { process, storage } = storageOf(`sweep at ${world.now}`);
    let works = -1;
    world.start(process, async () => {
      ({ works } = await storage.sweep({ dryRun }));
    });
    await world.run();
    return works;
  };
  world.now += 23 * HOUR_MS;
  expect([await sweep(false), bucket.files.keys()]).toEqual([0, said]);
  world.now += HOUR_MS;
  expect([await sweep(true), bucket.files.keys()]).toEqual([1, said]);
  expect([await sweep(false), bucket.files.keys()]).toEqual([1, []]);
});

test("no file of a copy is there before the record says whose it is, however many begin at once", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new SimulatedWorld(seed, Date.UTC(2026, 10, 20));
    using system = new SimulatedFileSystem(world);
    using _ = simulateSurroundings((process) => system.pathOf(process, "state"));
    const bucket = new SimulatedBucket(world);
    const clock = { now: () => new Date(world.now), monotonic: () => world.now };
    const process = system.process("copy");
    const storage = new ObjectStorage(bucket.open(process, "b"), clock);
    const written: string[] = [];
    world.fateOf = (_process, what) => {
      if (what.startsWith("bucket put a.dir/")) {
        const record = String(bucket.files.bytes(`.tmp-${id}/owner.json`));
        expect(JSON.parse(record), what).toMatchObject({ keys: ["a.dir/"] });
        written.push(what);
      }
      return { kind: "done" };
    };
    let failure: unknown = new Error("it has not run");
    world.start(process, async () => {
      const transfer = await storage.beginTransfer({ id, note: "a copy", folder: "a.dir", seal: "a.dir.meta.json" });
      const copy = async (name: string) => {
        const file = await transfer.open(`a.dir/${name}`);
        await file.write(Buffer.from(name));
        await file.end();
      };
      failure = await Promise.all(["1", "2", "3"].map(copy)).then(
        () => undefined,
        (error: unknown) => error,
      );
      await transfer.end();
    });
    await world.run();
    expect([failure, written.length]).toEqual([undefined, 3]);
  }
});
