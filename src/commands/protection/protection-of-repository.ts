import { BackupError } from "../../core/backup-error.ts";
import type { CommonMetadata } from "../../core/metadata/brief-metadata.ts";
import { type CopyPlace, type CopyScore, copyScore } from "../../core/protection/copy-score.ts";
import {
  judgeProtection,
  type Protection,
  type ProtectionFacts,
  type ProtectionPolicy,
} from "../../core/protection/judge-protection.ts";
import { CLOCK_TOLERANCE_MS } from "../../core/retention/clock-doubts.ts";
import { judgeVerifications } from "../../core/verification/judge-verifications.ts";
import type { MarkFinder } from "../../core/verification/mark-finder.ts";
import type { VerificationMark } from "../../core/verification/verification-mark.ts";
import type { KnownRepository } from "../../ports/catalogue.ts";
import type { Storage } from "../../ports/storage.ts";
import { openEncrypted, type Unlocking } from "../encryption/open-encrypted.ts";
import { type FoundBackup, isCluster } from "../found-backup.ts";
import { type BriefBackup, eachBackup, readBackup } from "../list-backups.ts";
import { readMarked, type StoredVerification } from "../proof/list-verifications.ts";
import { unlessGone } from "../unless-gone.ts";

/** A repository or a replica of it. */
export interface ProtectedPlace {
  readonly storage: Storage;
  /** `disk`, `s3`, `sftp`, ... */
  readonly medium: string;
  readonly known?: KnownRepository | undefined;
}

export interface ProtectionRequest {
  readonly repository: ProtectedPlace;
  readonly replicas: readonly ProtectedPlace[];
  /** @param database its name */
  readonly policyOf: (database: string) => ProtectionPolicy;
  /** Databases that must have backups. */
  readonly expected: readonly string[];
  /** How encrypted backups are opened; without it what can be read of them without a key is believed. */
  readonly unlocking?: Unlocking | undefined;
  /** The last attempt at a backup of a database that came to a bad end. */
  readonly failureOf: (database: string) => ProtectionFacts["failure"];
  readonly now: number;
  readonly shownAge: (ms: number) => string;
}

/** What is known of a database that has backups, or should have. */
export interface DatabaseProtection extends Protection {
  /** For people: its name, and the server's where several have one of it. */
  readonly title: string;
  readonly database: string;
  readonly isEncrypted: boolean;
  readonly policy: ProtectionPolicy;
  readonly facts: ProtectionFacts;
  /** Whole backups. */
  readonly backups: number;
  /** Of the newest good one, in bytes as stored. */
  readonly size: number | undefined;
  /** What it is to the one `sizesCompared - 1` before it: 1.1 is a tenth more. */
  readonly growth: number | undefined;
  /** How long the last proof took to restore it, in seconds. */
  readonly recoverySeconds: number | undefined;
  readonly score: CopyScore;
}

export interface RepositoryProtection {
  /** By name. */
  readonly databases: readonly DatabaseProtection[];
  /** Metadata that cannot be read, here or in a replica. */
  readonly unreadable: readonly BackupError[];
}

/** Of so many of the newest backups the sizes are compared. */
const sizesCompared = 10;

/** What is kept of each whole backup while all are looked through. */
interface WholeBackup {
  readonly kind: WholeKind;
  readonly id: string;
  readonly time: number;
  readonly size: number;
  /** Of the file or folder. */
  readonly name: string;
  readonly metadataKey: string;
  readonly problem: string | undefined;
}

/** What many of them have in common. */
interface WholeKind {
  readonly database: string;
  readonly server: string;
  readonly title: string;
  /** Of which database and server it is. */
  readonly group: string;
  readonly isSealed: boolean;
}

interface Inventory {
  /** By database and server, each newest first; encrypted ones by themselves, for anybody can put others beside them. */
  readonly groups: ReadonlyMap<string, readonly WholeBackup[]>;
  readonly ids: ReadonlyMap<string, WholeBackup>;
  readonly marks: MarkFinder;
  readonly unreadable: readonly BackupError[];
}

/**
 * Judges each database that has whole backups in a repository, and each that should have. Samples and parts protect nothing.
 * @throws BackupError NOT_FOUND, IO; KEY when keys are given that open nothing
 */
export async function protectionOfRepository(
  request: ProtectionRequest,
  signal: AbortSignal,
): Promise<RepositoryProtection> {
  const { repository, replicas, expected } = request;
  const inventory = await inventoryOf(repository, signal);
  const copies = await Promise.all(replicas.map(async (place) => ({ place, ...(await inventoryOf(place, signal)) })));
  const databases: DatabaseProtection[] = [];
  const groups = [...inventory.groups.values()].filter((backups) => !isSuperseded(backups, inventory));
  const names = groups.map(([newest]) => newest!.kind.title);
  for (const backups of groups) {
    signal.throwIfAborted();
    const { title, server } = backups[0]!.kind;
    const isOne = names.filter((name) => name === title).length === 1;
    databases.push(await protectionOf(backups, isOne ? title : `${title} (${server})`, inventory, copies, request));
  }
  for (const name of expected) {
    if (!databases.some(({ database }) => database === name)) databases.push(withoutBackups(name, request));
  }
  return {
    databases: databases.toSorted((a, b) => (a.title < b.title ? -1 : 1)),
    unreadable: [...inventory.unreadable, ...copies.flatMap(({ unreadable }) => unreadable)],
  };
}

/** Backups in the clear of before those of the database were encrypted: they need no successor. */
function isSuperseded([newest]: readonly WholeBackup[], { groups }: Inventory): boolean {
  const { title, server } = newest!.kind;
  const oldestSealed = groups.get(groupOf({ title, server: sealedServer }))?.at(-1);
  return server !== sealedServer && oldestSealed !== undefined && newest!.time < oldestSealed.time;
}

/** Which server a sealed backup is of is told to nobody without the key. */
const sealedServer = "encrypted";

function groupOf({ server, title }: Pick<WholeKind, "server" | "title">): string {
  return `${server}\0${title}`;
}

async function inventoryOf({ storage, known }: ProtectedPlace, signal: AbortSignal): Promise<Inventory> {
  const found: WholeBackup[] = [];
  const kinds = new Map<CommonMetadata, WholeKind>();
  const take = ({ key, name, brief, problems }: BriefBackup): void => {
    const { common, id, time, sizeBytes: size } = brief;
    if (common.backup_type !== "full" || common.isPartial === true) return;
    const kind = kinds.get(common) ?? kindOf(common);
    kinds.set(common, kind);
    found.push({ kind, id, time, size, name, metadataKey: key, problem: problems[0] });
  };
  const { unreadable, marks } = await eachBackup(storage, signal, take, known);
  found.sort((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1));
  return {
    groups: Map.groupBy(found, ({ kind }) => kind.group),
    ids: new Map(found.map((backup) => [backup.id, backup])),
    marks,
    unreadable,
  };
}

function kindOf(common: CommonMetadata): WholeKind {
  const { database, database_type: type = "", host = "", port = 0, isSealed = false } = common;
  const server = isSealed ? sealedServer : `${type} ${common.server ?? `${host}:${port}`}`;
  const title = isCluster(common) ? `${database} (cluster)` : database;
  return { database, server, title, group: groupOf({ server, title }), isSealed };
}

async function protectionOf(
  backups: readonly WholeBackup[],
  title: string,
  inventory: Inventory,
  copies: readonly (Inventory & { readonly place: ProtectedPlace })[],
  request: ProtectionRequest,
): Promise<DatabaseProtection> {
  const { repository, policyOf, failureOf, now, shownAge } = request;
  const { database } = backups[0]!.kind;
  let good: Looked | undefined;
  let proved: Looked | undefined;
  let spoiled: ProtectionFacts["spoiled"];
  for (const backup of backups) {
    if (good !== undefined && (proved !== undefined || !inventory.marks.proved.has(backup.name))) continue;
    const looked = await lookAt(backup, inventory, request);
    if (looked.why !== undefined) {
      if (good === undefined) spoiled ??= { time: backup.time, why: looked.why };
      continue;
    }
    good ??= looked;
    if (looked.health === "proved") proved ??= looked;
  }
  const facts = {
    lastGood: good?.backup.time,
    lastProved: proved?.backup.time,
    spoiled,
    failure: failureOf(database),
  };
  const policy = policyOf(database);
  const sizes = backups.slice(0, sizesCompared).map(({ size }) => size);
  return {
    ...judgeProtection(facts, policy, now, shownAge),
    title,
    database,
    isEncrypted: backups[0]!.kind.isSealed,
    policy,
    facts,
    backups: backups.length,
    size: good?.backup.size,
    growth: sizes.length < 2 || sizes.at(-1) === 0 ? undefined : sizes[0]! / sizes.at(-1)!,
    recoverySeconds: proved?.recoverySeconds,
    score: await scoreOf(good, repository, copies, now),
  };
}

function withoutBackups(database: string, request: ProtectionRequest): DatabaseProtection {
  const { policyOf, failureOf, now, shownAge } = request;
  const policy = policyOf(database);
  const facts = { lastGood: undefined, lastProved: undefined, spoiled: undefined, failure: failureOf(database) };
  return {
    ...judgeProtection(facts, policy, now, shownAge),
    title: database,
    database,
    isEncrypted: false,
    policy,
    facts,
    backups: 0,
    size: undefined,
    growth: undefined,
    recoverySeconds: undefined,
    score: copyScore([], false),
  };
}

/** A backup that was looked at. */
interface Looked {
  readonly backup: WholeBackup;
  readonly health: ReturnType<typeof judgeVerifications>;
  /** Why it cannot be counted on. */
  readonly why?: string | undefined;
  readonly recoverySeconds?: number | undefined;
}

async function lookAt(backup: WholeBackup, { marks }: Inventory, request: ProtectionRequest): Promise<Looked> {
  const { repository, unlocking, now } = request;
  const { problem, time, name, metadataKey, kind } = backup;
  if (problem !== undefined) return { backup, health: "damaged", why: problem };
  if (time > now + CLOCK_TOLERANCE_MS) return { backup, health: "unverified", why: "its time lies in the future" };
  const own = marks.of(name);
  if (own.length === 0 && (!kind.isSealed || unlocking === undefined)) return { backup, health: "unverified" };
  const found = await readBackup(repository.storage, metadataKey);
  if (found === undefined) return { backup, health: "unverified", why: "it was removed meanwhile" };
  const opened = await opening(found, kind.isSealed ? unlocking : undefined);
  if (opened instanceof BackupError) return { backup, health: "unverified", why: opened.message };
  const records = await recordsOf(own, opened, repository.storage);
  const health = judgeVerifications(
    records.map(({ level, verification: { status, timestamp } }) => ({ level, status, time: Date.parse(timestamp) })),
  );
  const recoverySeconds = records.find(({ level }) => level === "restore")?.verification.recovery_seconds;
  return { backup, health, recoverySeconds, ...(health === "damaged" ? { why: "a verification found damage" } : {}) };
}

async function opening(found: FoundBackup, unlocking: Unlocking | undefined): Promise<FoundBackup | BackupError> {
  if (unlocking === undefined) return found;
  try {
    return await openEncrypted(found, unlocking);
  } catch (error) {
    if (error instanceof BackupError) return error;
    throw error;
  }
}

async function recordsOf(
  marks: readonly VerificationMark[],
  backup: FoundBackup,
  storage: Storage,
): Promise<readonly StoredVerification[]> {
  const found: StoredVerification[] = [];
  for (const mark of marks.toSorted((a, b) => b.time.getTime() - a.time.getTime())) {
    const stored = await readMarked(mark, backup, storage).catch(unlessGone);
    if (stored !== undefined) found.push(stored);
  }
  return found;
}

async function scoreOf(
  good: Looked | undefined,
  repository: ProtectedPlace,
  copies: readonly (Inventory & { readonly place: ProtectedPlace })[],
  now: number,
): Promise<CopyScore> {
  if (good === undefined) return copyScore([], false);
  const { id, metadataKey } = good.backup;
  const places = [await placeOf(repository, metadataKey, now)];
  for (const { place, ids } of copies) {
    const copy = ids.get(id);
    if (copy !== undefined && copy.problem === undefined) places.push(await placeOf(place, copy.metadataKey, now));
  }
  return copyScore(places, good.health === "good" || good.health === "proved");
}

async function placeOf({ storage, medium }: ProtectedPlace, metadataKey: string, now: number): Promise<CopyPlace> {
  const lock = (await storage.stat(metadataKey))?.lock;
  const isLocked = lock !== undefined && (lock.until === undefined || lock.until.getTime() > now);
  return { medium, isElsewhere: medium !== "disk", isLocked };
}
