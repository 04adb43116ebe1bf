import { backupSingle } from "../../src/commands/backup-single.ts";
import { cleanup } from "../../src/commands/cleanup/cleanup.ts";
import { openEncrypted } from "../../src/commands/encryption/open-encrypted.ts";
import { rotateKeys } from "../../src/commands/encryption/rotate-keys.ts";
import { backupInRepository } from "../../src/commands/found-backup.ts";
import { listBackups } from "../../src/commands/list-backups.ts";
import { finishRemovals, removalOf, removeBackup } from "../../src/commands/removal/remove-backup.ts";
import { planRepository, removePlanned } from "../../src/commands/retention/apply-retention.ts";
import { holdBackup, releaseBackup } from "../../src/commands/retention/holds.ts";
import { copyBackup } from "../../src/commands/transfer/copy-backup.ts";
import { METADATA_SUFFIX, REMOVAL_SUFFIX } from "../../src/core/backup-name.ts";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Dumper, DumpOutput, DumpResult } from "../../src/ports/dump.ts";
import type { Storage } from "../../src/ports/storage.ts";
import { artifactStages } from "../../src/stages/artifact-stages.ts";
import { createCodec } from "../../src/stages/codec.ts";
import { createDecryption, createEncryption, createRotation } from "../../src/stages/encryption/encryption.ts";
import { type KnownBackup, remainsIn, type StoredFiles, wholeBackups } from "./simulated-repository.ts";
import type { SimulatedProcess, SimulatedWorld } from "./simulated-world.ts";

const DAY_MS = 24 * 3600 * 1000;
const databases = ["a", "b"];
const codec = createCodec();
const openStages = artifactStages(codec);
/** Of encrypted backups: the key that they are made for, and the one that rotations give them. */
const [oldKey, newKey] = [1, 2].map((byte) => ({ kind: "raw", key: Buffer.alloc(32, byte) }) as const);
const encryption = createEncryption([oldKey!]);
const rotation = createRotation([oldKey!], [newKey!]);
const decryptions = { old: createDecryption([oldKey!]), new: createDecryption([newKey!]) };
const onDamage = (damage: Error): never => {
  throw damage;
};
const neverAborted = new AbortController().signal;
const progress = { emit: () => {} };

/** A place that processes reach, each in its own way. */
export interface SimulatedPlace {
  readonly name: string;
  readonly files: StoredFiles;
  /** As this process opens it. */
  open(process: SimulatedProcess, clock: Clock): Storage;
}

/** What makes processes and crashes. */
export interface SimulatedMachine {
  process(name: string): SimulatedProcess;
  /** All stops; what is not durable is lost. */
  crash(): void;
}

export interface HistoryShape {
  /** Of the calls: processes that die there. */
  readonly deaths: number;
  /** Calls that fail. */
  readonly failures: number;
  /** Rounds of runs that go beside each other. */
  readonly rounds: number;
}

type Run = (process: SimulatedProcess, clock: Clock) => Promise<void>;

/**
 * Runs of the program over repositories that seeds choose, and what must hold whatever happens to them: what is listed is whole; what was
 * finished is there, unless somebody or a rule removed it; what is held or needed stays; and the next run tidies up.
 */
export class History {
  readonly #world: SimulatedWorld;
  readonly #machine: SimulatedMachine;
  readonly #places: readonly SimulatedPlace[];
  /** By place and id: those whose makers were told that they are done. */
  readonly #finished = new Map<string, KnownBackup>();
  /** Those that a clean-up saw. */
  readonly #seen = new Map<string, KnownBackup>();
  /** Somebody asked to remove it. */
  readonly #removed = new Set<string>();
  /** Somebody was told that it is on hold, and nobody has asked to release it. */
  readonly #held = new Set<string>();
  readonly #released = new Set<string>();
  /** What rules let go: of each database all but so many of the newest. */
  readonly #cleanups: { readonly place: string; readonly last: number }[] = [];
  /** Those whose base was there before. */
  readonly #increments = new Set<string>();
  /** Somebody was told that they open with the new key. */
  readonly #rotated = new Set<string>();
  #processes = 0;

  constructor(world: SimulatedWorld, machine: SimulatedMachine, places: readonly SimulatedPlace[]) {
    this.#world = world;
    this.#machine = machine;
    this.#places = places;
  }

  /** Takes a backup that is there for one that was made. */
  know(place: SimulatedPlace, backup: KnownBackup): void {
    this.#finished.set(keyOf(place, backup.id), backup);
  }

  /** The same for one whose base is there. */
  knowIncrement(place: SimulatedPlace, backup: KnownBackup): void {
    this.know(place, backup);
    this.#increments.add(keyOf(place, backup.id));
  }

  async run({ rounds }: HistoryShape): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const count = 1 + this.#world.below(4);
      for (let started = 0; started < count; started++) this.#start(this.#anyRun());
      const isCut = this.#world.isChance(0.4);
      const hasEnded = await this.#world.run(isCut ? this.#world.below(300) : undefined);
      if (!hasEnded || this.#world.isChance(0.2)) this.#machine.crash();
      this.#world.trace.push(`round ${round} is over`);
      this.expectSafe();
      this.#world.now += this.#world.below(this.#world.isChance(0.3) ? 3 * DAY_MS : 60_000);
      if (this.#world.isChance(0.1)) this.#world.now -= this.#world.below(3_600_000);
    }
  }

  /** After it: one clean-up that nothing disturbs, two days later as clocks may have been set back by hours, leaves backups and what is of others, and a listing without complaint. */
  async expectTidy(): Promise<void> {
    this.#world.fateOf = () => ({ kind: "done" });
    this.#world.now += 2 * DAY_MS;
    let failure: unknown;
    this.#start(async (process, clock) => {
      try {
        for (const place of this.#places) await this.#tidy(place, process, clock);
      } catch (error) {
        failure = error;
      }
    }, true);
    await this.#world.run();
    if (failure !== undefined) throw failure;
    this.expectSafe();
    for (const { name, files } of this.#places) {
      const remains = remainsIn(files).filter((key) => !isStaleRemoval(key, files));
      if (remains.length > 0) throw new Error(`left in ${name}: ${remains.join(", ")}`);
    }
  }

  async #tidy(place: SimulatedPlace, process: SimulatedProcess, clock: Clock): Promise<void> {
    const storage = place.open(process, clock);
    await cleanup({ dryRun: false, abandonUnfinished: true, now: clock.now() }, storage, neverAborted);
    const { backups, unreadable } = await listBackups(storage, neverAborted);
    if (unreadable.length > 0) throw unreadable[0];
    const problem = backups.find(({ problems }) => problems.length > 0);
    if (problem !== undefined) throw new Error(`listed with problems: ${problem.problems.join(", ")}`);
    const ids = backups.map(({ metadata }) => metadata.id).toSorted();
    const there = [...wholeBackups(place.files).keys()].toSorted();
    if (ids.join() !== there.join()) throw new Error(`the listing of ${place.name} is not what is there`);
    for (const { key, metadata } of backups) {
      if (metadata.sealed === undefined) continue;
      await expectOpens(storage, key, metadata, "old");
      if (this.#rotated.has(keyOf(place, metadata.id))) await expectOpens(storage, key, metadata, "new");
    }
  }

  /** What must hold at every moment. */
  expectSafe(): void {
    for (const place of this.#places) {
      const there = wholeBackups(place.files);
      for (const [key, backup] of this.#finished) {
        if (!key.startsWith(`${place.name} `)) continue;
        if (!there.has(backup.id)) this.#expectAllowed(place, backup);
      }
      for (const key of this.#held) {
        const id = key.slice(place.name.length + 1);
        if (key.startsWith(`${place.name} `) && !there.has(id)) throw new Error(`on hold, and gone: ${key}`);
      }
      for (const { id, base_backup: base } of there.values()) {
        // A copy of an increment may come without its base.
        const hadBase = base !== undefined && this.#increments.has(keyOf(place, id));
        if (hadBase && !there.has(base) && !this.#removed.has(keyOf(place, base)))
          throw new Error(`the base of ${id} is gone: ${base}`);
      }
    }
  }

  #expectAllowed(place: SimulatedPlace, { id, database, time }: KnownBackup): void {
    if (this.#removed.has(keyOf(place, id))) return;
    const newer = [...new Map([...this.#seen, ...this.#finished])].filter(
      ([key, other]) => key.startsWith(`${place.name} `) && other.database === database && isNewer(other, { id, time }),
    );
    const isLetGo = this.#cleanups.some((rule) => rule.place === place.name && newer.length >= rule.last);
    if (!isLetGo) throw new Error(`finished, and gone from ${place.name}: ${id}`);
  }

  #start(run: Run, isInTime = false): void {
    const process = this.#machine.process(`p${++this.#processes}`);
    // Machines whose clocks are not together.
    const skew = !isInTime && this.#world.isChance(0.1) ? this.#world.below(60 * DAY_MS) - 30 * DAY_MS : 0;
    const clock: Clock = { now: () => new Date(this.#world.now + skew), monotonic: () => this.#world.now };
    this.#world.start(process, () => run(process, clock));
  }

  #anyRun(): Run {
    const runs: readonly (() => Run)[] = [
      () => this.#backup(),
      () => this.#backup(),
      () => this.#upload(),
      () => this.#upload(),
      () => this.#cleanup(),
      () => this.#cleanup(),
      () => this.#hold(),
      () => this.#release(),
      () => this.#remove(),
      () => this.#sweep(),
      () => this.#rotate(),
      () => this.#rotate(),
    ];
    return runs[this.#world.below(runs.length)]!();
  }

  #anyPlace(): SimulatedPlace {
    return this.#places[this.#world.below(this.#places.length)]!;
  }

  #backup(): Run {
    const place = this.#anyPlace();
    const database = databases[this.#world.below(databases.length)]!;
    const format = this.#world.isChance(0.5) ? "custom" : "directory";
    const dumper = tinyDumper(this.#world);
    const isEncrypted = this.#world.isChance(0.3);
    return async (process, clock) => {
      const storage = place.open(process, clock);
      const request = {
        connection: {},
        database,
        format,
        compression: { method: "none", level: 0 },
        jobs: 1,
        destination: { kind: "repository", storage },
        ...(isEncrypted ? { encryption } : {}),
      } as const;
      const ports = { dumper, codec, openStages, clock, progress, tool: { name: "dbbackup", version: "test" } };
      const metadata = await backupSingle(request, ports, neverAborted);
      this.know(place, { id: metadata.id, database, time: Date.parse(metadata.timestamp) });
    };
  }

  #upload(): Run {
    const from = this.#anyPlace();
    const to = this.#places.find((place) => place !== from) ?? from;
    return async (process, clock) => {
      const source = from.open(process, clock);
      const chosen = await this.#choose(source);
      if (chosen === undefined) return;
      // An increment that went with its base comes back without it.
      if (!wholeBackups(to.files).has(chosen.metadata.id)) this.#increments.delete(keyOf(to, chosen.metadata.id));
      await copyBackup(chosen.backup, to.open(process, clock), progress, neverAborted);
      // Who removes it and who copies it again do both what they were asked to.
      const { id, database, timestamp } = chosen.metadata;
      if (!this.#removed.has(keyOf(to, id))) this.know(to, { id, database, time: Date.parse(timestamp) });
    };
  }

  #cleanup(): Run {
    const place = this.#anyPlace();
    const last = 1 + this.#world.below(3);
    return async (process, clock) => {
      const storage = place.open(process, clock);
      const policyOf = () => ({ last });
      const plan = await planRepository({ policyOf }, storage, clock, neverAborted);
      if (plan.clockDoubts.length > 0) return;
      // Also those whose makers died before they could tell.
      for (const { backup } of plan.decisions) {
        const { id, time, databaseName: database } = backup;
        this.#seen.set(keyOf(place, id), { id, time, database });
      }
      const abandonUnfinished = this.#world.isChance(0.3);
      await cleanup({ dryRun: false, abandonUnfinished, now: clock.now() }, storage, neverAborted);
      this.#cleanups.push({ place: place.name, last });
      await removePlanned(plan, storage, clock, () => {}, neverAborted);
    };
  }

  #hold(): Run {
    const place = this.#anyPlace();
    return async (process, clock) => {
      const storage = place.open(process, clock);
      const chosen = await this.#choose(storage);
      if (chosen === undefined) return;
      const key = keyOf(place, chosen.metadata.id);
      await holdBackup(chosen.backup, { since: clock.now() }, storage);
      if (!this.#released.has(key)) this.#held.add(key);
    };
  }

  #release(): Run {
    const place = this.#anyPlace();
    return async (process, clock) => {
      const storage = place.open(process, clock);
      const chosen = await this.#choose(storage);
      if (chosen === undefined) return;
      const key = keyOf(place, chosen.metadata.id);
      this.#held.delete(key);
      this.#released.add(key);
      await releaseBackup(chosen.backup, storage);
    };
  }

  #remove(): Run {
    const place = this.#anyPlace();
    return async (process, clock) => {
      const storage = place.open(process, clock);
      const chosen = await this.#choose(storage);
      if (chosen === undefined) return;
      const removal = await removalOf(chosen.backup, storage);
      this.#removed.add(keyOf(place, chosen.metadata.id));
      await removeBackup(removal, storage, clock.now());
      await finishRemovals(storage);
    };
  }

  #sweep(): Run {
    const place = this.#anyPlace();
    return async (process, clock) => {
      await place.open(process, clock).sweep();
    };
  }

  #rotate(): Run {
    const place = this.#anyPlace();
    return async (process, clock) => {
      const storage = place.open(process, clock);
      const chosen = await this.#choose(storage, ({ sealed }) => sealed !== undefined);
      if (chosen === undefined) return;
      const openStorage = async () => storage;
      await rotateKeys(chosen.backup, { rotation, openStorage, clock, onDamage }, neverAborted);
      this.#rotated.add(keyOf(place, chosen.metadata.id));
    };
  }

  /** One of those that are listed, that is not of an increment's chain. */
  async #choose(storage: Storage, isWanted: (metadata: BackupMetadata) => boolean = () => true) {
    const listed = await listBackups(storage, neverAborted);
    const backups = listed.backups.filter(({ metadata }) => isWanted(metadata));
    const chosen = backups[this.#world.below(backups.length)];
    if (chosen === undefined) return undefined;
    const key = chosen.backup.metadataFile!.location.slice(storage.location.length + 1);
    if (!key.endsWith(METADATA_SUFFIX)) throw new Error(`metadata of another name: ${key}`);
    return { metadata: chosen.metadata, backup: backupInRepository(storage, key, chosen.metadata) };
  }
}

/** All of its files, with this key and what lies beside them. */
async function expectOpens(
  storage: Storage,
  key: string,
  metadata: BackupMetadata,
  which: keyof typeof decryptions,
): Promise<void> {
  const found = backupInRepository(storage, key, metadata);
  const { artifacts } = await openEncrypted(found, { decryption: decryptions[which], onDamage });
  for (const { name, open, decrypt } of artifacts) {
    if (decrypt === undefined) throw new Error(`not encrypted: ${name}`);
    const plain = await decrypt(await open());
    const bytes = Buffer.alloc(plain.size);
    if ((await plain.readAt(0, bytes)) !== plain.size) throw new Error(`too short: ${name}`);
    await plain.close();
  }
}

function keyOf({ name }: SimulatedPlace, id: BackupMetadata["id"]): string {
  return `${name} ${id}`;
}

/** Of a removal that removed nothing: what is younger by minutes makes `cleanup` forget it, whenever that comes. */
function isStaleRemoval(key: string, files: StoredFiles): boolean {
  if (!key.endsWith(REMOVAL_SUFFIX)) return false;
  return files.bytes(`${key.slice(0, -REMOVAL_SUFFIX.length)}${METADATA_SUFFIX}`) !== undefined;
}

/** Of the same time the later id. */
function isNewer(one: Pick<KnownBackup, "id" | "time">, other: Pick<KnownBackup, "id" | "time">): boolean {
  return one.time === other.time ? one.id > other.id : one.time > other.time;
}

/** An engine whose databases are a few bytes. */
function tinyDumper(world: SimulatedWorld): Dumper {
  return {
    check: () => {},
    dump: async (_, output) => {
      await writeBytes(output, world);
      return tinyResult;
    },
  };
}

async function writeBytes(output: DumpOutput, world: SimulatedWorld): Promise<void> {
  const piece = () => Buffer.alloc(1 + world.below(300), world.below(256));
  if (output.kind === "file") {
    for (let count = world.below(3); count >= 0; count--) await output.sink.write(piece());
    return;
  }
  for (const name of ["toc.dat", "1.dat", "2.dat"].slice(0, 1 + world.below(3))) {
    const file = await output.createFile(name);
    await file.write(piece());
    await file.end({ rows: 1, bytes: 1 });
  }
}

const tinyResult: DumpResult = {
  server: { version: "18", host: "db1", port: 5432, user: "u", encoding: "UTF8" },
  notIncluded: [],
  warnings: [],
};
