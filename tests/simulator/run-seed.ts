import { BackupError } from "../../src/core/backup-error.ts";
import type { ObjectStore } from "../../src/ports/object-store.ts";
import type { Storage } from "../../src/ports/storage.ts";
import { LocalStorage } from "../../src/storage/local/local-storage.ts";
import { ObjectStorage } from "../../src/storage/object/object-storage.ts";
import { RetryingStore } from "../../src/storage/object/retrying-store.ts";
import { BUCKET_CALL, SimulatedBucket } from "./simulated-bucket.ts";
import { type FolderNode, failed } from "./simulated-disk.ts";
import { type BrokenMachine, SimulatedFileSystem } from "./simulated-file-system.ts";
import { History, type SimulatedPlace } from "./simulated-history.ts";
import { plantFinished, plantForeign, type StoredFiles } from "./simulated-repository.ts";
import { simulateSurroundings } from "./simulated-surroundings.ts";
import { type Fate, SimulatedWorld } from "./simulated-world.ts";

const DAY_MS = 24 * 3600 * 1000;
const errnos: Readonly<Record<string, readonly string[]>> = {
  write: ["ENOSPC", "EIO", "EDQUOT"],
  append: ["ENOSPC", "EIO"],
  link: ["EIO", "EPERM", "ENOSPC"],
  rename: ["EIO", "ENOSPC"],
  mkdir: ["EIO", "ENOSPC"],
  open: ["EIO", "EMFILE", "ENOSPC"],
};
/** Of calls that a network file system may do and never tell of. */
const changes = /^(link|rename|unlink|mkdir|rmdir|fsync|append) /;

/** Changes of a bucket, whose answers may be lost. */
const bucketChanges = new RegExp(`^${BUCKET_CALL} (put|putPart|complete|copy|remove|beginUpload|abandonUpload) `);
/** Networks fail more often than disks. */
const BUCKET_FAILURES = 5;

/** Faults that are put there to see whether they are found. */
export interface Sabotage {
  readonly machine?: BrokenMachine;
  wrap?(storage: Storage): Storage;
  /** Of what a bucket offers. */
  wrapStore?(store: ObjectStore): ObjectStore;
}

/**
 * Runs the history of a seed over two repositories, in folders and buckets.
 * @returns its calls
 * @throws Error that says what went wrong, with the calls as its `trace`
 */
export async function runSeed(seed: number, sabotage: Sabotage = {}): Promise<readonly string[]> {
  const world = new SimulatedWorld(seed, Date.UTC(2026, 10, 20) + (seed % 1000) * 7_654_321);
  using system = new SimulatedFileSystem(world, sabotage.machine);
  // In half of the worlds the processes are in containers of their own, and see no locks of each other but those of files they share.
  const isOneHome = world.isChance(0.5);
  using _surroundings = simulateSurroundings((process) =>
    system.pathOf(process, isOneHome ? "state" : `state-${process.name}`),
  );
  const isBucket = [0.4, 0.5].map((share) => world.isChance(share));
  const places = ["repo", "copy"].map((name, at) =>
    isBucket[at] === true ? bucketOf(world, name, sabotage) : placeIn(system, name, sabotage),
  );
  const loss = world.isChance(0.5) ? "any" : "last";
  const machine = { process: (name: string) => system.process(name), crash: () => system.crash(loss) };
  const history = new History(world, machine, places);
  for (const place of places) plant(world, place, history);
  syncAll(system, system.disk.root);
  const deaths = world.isChance(0.5) ? world.random() * 0.01 : 0;
  const failures = world.isChance(0.5) ? world.random() * 0.02 : 0;
  world.fateOf = (_, what) => fateOf(world, what, deaths, failures);
  await history.run({ deaths, failures, rounds: 1 + world.below(3) }).catch(withTrace(world));
  system.releaseLocks();
  await history.expectTidy().catch(withTrace(world));
  return world.trace;
}

function withTrace(world: SimulatedWorld) {
  return (error: unknown) => {
    throw Object.assign(error as Error, { trace: world.trace });
  };
}

function fateOf(world: SimulatedWorld, what: string, deaths: number, failures: number): Fate {
  if (world.isChance(deaths)) return { kind: "dies", isDone: world.isChance(0.5) };
  if (what.startsWith(`${BUCKET_CALL} `)) return fateInBucket(world, what, failures * BUCKET_FAILURES);
  if (!world.isChance(failures)) return { kind: "done" };
  const [call = ""] = what.split(" ", 1);
  const codes = errnos[call] ?? ["EIO"];
  const error = failed(codes[world.below(codes.length)]!);
  return changes.test(what) && world.isChance(0.2)
    ? { kind: "answerLost", error: failed("EIO") }
    : { kind: "fails", error };
}

function fateInBucket(world: SimulatedWorld, what: string, failures: number): Fate {
  if (!world.isChance(failures)) return { kind: "done" };
  const isForGood = world.isChance(0.1);
  const error = new BackupError(
    isForGood
      ? { code: "AUTH", message: "the service refused it" }
      : { code: "CONNECT", message: "the connection was lost", retry: "maybe" },
  );
  return !isForGood && bucketChanges.test(what) && world.isChance(0.5)
    ? { kind: "answerLost", error }
    : { kind: "fails", error };
}

function bucketOf(world: SimulatedWorld, name: string, { wrap, wrapStore }: Sabotage): SimulatedPlace {
  const bucket = new SimulatedBucket(world);
  return {
    name,
    files: bucket.files,
    open: (process, clock) => {
      const store = bucket.open(process, name);
      const storage = new ObjectStorage(new RetryingStore(wrapStore?.(store) ?? store), clock);
      return wrap?.(storage) ?? storage;
    },
  };
}

function placeIn(system: SimulatedFileSystem, name: string, sabotage: Sabotage): SimulatedPlace {
  system.disk.makeFolder([name]);
  return {
    name,
    files: filesIn(system, name),
    open: (process, clock) => {
      const storage = new LocalStorage(system.pathOf(process, name), clock);
      return sabotage.wrap?.(storage) ?? storage;
    },
  };
}

function filesIn(system: SimulatedFileSystem, name: string): StoredFiles {
  const { disk } = system;
  return {
    keys: () => disk.paths(disk.folder([name])),
    bytes: (key) => {
      try {
        return disk.file([name, ...key.split("/")]).bytes;
      } catch {
        return undefined;
      }
    },
    put: (key, bytes) => {
      const parts = key.split("/");
      if (parts.length > 1) disk.makeFolder([name, ...parts.slice(0, -1)]);
      disk.write(disk.makeFile([name, ...parts]), bytes, 0);
    },
  };
}

function plant(world: SimulatedWorld, place: SimulatedPlace, history: History): void {
  plantForeign(place.files);
  const count = world.below(4);
  for (let age = count; age > 0; age--) {
    const full = plantFinished(place.files, "a", new Date(world.now - age * DAY_MS - 3_600_000));
    history.know(place, full);
    if (!world.isChance(0.3)) continue;
    history.knowIncrement(place, plantFinished(place.files, "a", new Date(world.now - age * DAY_MS), full.id));
  }
}

function syncAll(system: SimulatedFileSystem, folder: FolderNode): void {
  system.disk.syncFolder(folder);
  for (const node of folder.entries.values()) {
    if (node.kind === "folder") syncAll(system, node);
    else system.disk.syncFile(node);
  }
}
