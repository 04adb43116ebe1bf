import { BackupError } from "../../core/backup-error.ts";
import { collectGarbage } from "../../core/collect-garbage.ts";
import { counted } from "../../core/counted.ts";
import { BriefReader } from "../../core/metadata/brief-metadata.ts";
import type { ObjectLock } from "../../core/object-lock.ts";
import { clockDoubts } from "../../core/retention/clock-doubts.ts";
import { planRetention, type RetentionDecision, removalOrder } from "../../core/retention/plan-retention.ts";
import type { RetentionPolicy } from "../../core/retention/retention-policy.ts";
import type { KnownRepository } from "../../ports/catalogue.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Storage } from "../../ports/storage.ts";
import { type ListedRecords, recordsAmong } from "../cleanup/listed-records.ts";
import { checkChain } from "../encryption/chain-of-repository.ts";
import type { Unlocking } from "../encryption/open-encrypted.ts";
import { type BriefBackup, briefly, eachBackup, type Listing, listBackups, readBackup } from "../list-backups.ts";
import { removalOf, removeBackup } from "../removal/remove-backup.ts";
import {
  type RetainedFacts,
  RetainedFactsReader,
  type RetainedInRepository,
  retainedBackups,
} from "./retained-backups.ts";

/** Objects that are asked for beside each other. */
const LOOKS_AT_ONCE = 8;
/** Of so many the names take some 10 MiB. */
const MANY_BACKUPS = 50_000;
/** In days: whoever keeps backups for a day may have had a weekend without any. */
const LEAST_SUSPICIOUS_AGE = 7;

export interface RetentionRequest {
  /** @param database its name */
  readonly policyOf: (database: string) => RetentionPolicy;
  /** How encrypted backups are opened; without it they stay. */
  readonly unlocking?: Unlocking | undefined;
  /** What was read of the repository before; for plans that nobody carries out. */
  readonly known?: KnownRepository | undefined;
}

/** What becomes of a backup of a repository. */
export type RepositoryDecision = RetentionDecision<RetainedInRepository>;

/** What is to become of the backups of a repository. */
export interface RetentionPlan {
  /** Oldest first. */
  readonly decisions: readonly RepositoryDecision[];
  /** Why this machine's clock may be wrong: whoever goes on all the same was asked. */
  readonly clockDoubts: readonly string[];
  readonly records: ListedRecords;
}

/**
 * Decides which backups of a repository stay; touches nothing.
 * @throws BackupError DAMAGED when there are metadata that cannot be read: nobody knows what they need; IO
 */
export async function planRepository(
  { policyOf, unlocking, known }: RetentionRequest,
  storage: Storage,
  clock: Clock,
  signal: AbortSignal,
): Promise<RetentionPlan> {
  const { backups, records } = await retained(storage, unlocking, known, signal);
  // The names of all that lies there, which nobody needs any more.
  if (backups.length >= MANY_BACKUPS) collectGarbage();
  const now = clock.now().getTime();
  const decisions = await withLocks(backups, policyOf, now, storage);
  return {
    decisions,
    records,
    clockDoubts: clockDoubts({
      now,
      backups: backups.map(({ time }) => time),
      largestAge: largestAge(backups.map(({ databaseName }) => policyOf(databaseName).days)),
    }),
  };
}

/** What is known of them; of the listing nothing is kept. */
async function retained(
  storage: Storage,
  unlocking: Unlocking | undefined,
  known: KnownRepository | undefined,
  signal: AbortSignal,
): Promise<{ readonly backups: readonly RetainedInRepository[]; readonly records: ListedRecords }> {
  const { facts, objects, marks } = await factsOf(storage, unlocking, known, signal);
  return {
    backups: await retainedBackups(facts, { objects, marks }, storage),
    records: recordsAmong(objects, marks.keys),
  };
}

/** Without keys nothing is kept of a hundred thousand backups but what is decided by. */
async function factsOf(
  storage: Storage,
  unlocking: Unlocking | undefined,
  known: KnownRepository | undefined,
  signal: AbortSignal,
): Promise<{ readonly facts: readonly RetainedFacts[] } & Pick<Listing, "objects" | "marks">> {
  const reader = new RetainedFactsReader();
  const facts: RetainedFacts[] = [];
  if (unlocking !== undefined) {
    const { backups, unreadable, objects, marks } = await listBackups(storage, signal, known);
    refuseUnreadable(unreadable, storage);
    const briefs = new BriefReader();
    for (const listed of (await checkChain(backups, unlocking, signal)).backups) {
      facts.push(reader.factsOf(briefly(listed, briefs), listed.backup.metadata?.sealed !== undefined));
    }
    return { facts, objects, marks };
  }
  const take = (listed: BriefBackup): void => {
    facts.push(reader.factsOf(listed, listed.brief.common.isSealed === true));
  };
  const { unreadable, objects, marks } = await eachBackup(storage, signal, take, known);
  refuseUnreadable(unreadable, storage);
  return { facts, objects, marks };
}

/** Only rules by age hang on the clock. @param ages the rules' days, as far as there are some */
function largestAge(ages: readonly (number | undefined)[]): number {
  const known = ages.filter((age) => age !== undefined);
  return known.length === 0
    ? Number.POSITIVE_INFINITY
    : known.reduce((most, age) => Math.max(most, age), LEAST_SUSPICIOUS_AGE);
}

/**
 * Removes what a plan lets go, one backup after the other, and none before those that need it. Each is removed as `cloud delete` does: an
 * interruption leaves nothing that looks like a backup.
 * @throws BackupError LOCKED, IO: those before are gone
 */
export async function removePlanned(
  { decisions }: RetentionPlan,
  storage: Storage,
  clock: Clock,
  onRemoved: (backup: RetainedInRepository) => void,
  signal: AbortSignal,
): Promise<void> {
  // Of several with one id none goes.
  const byId = new Map(decisions.map(({ backup }) => [backup.id, backup]));
  for (const { id } of removalOrder(decisions)) {
    signal.throwIfAborted();
    const backup = byId.get(id)!;
    const found = await readBackup(storage, backup.metadataKey);
    // Another run may have removed it, and even another backup be there.
    if (found?.metadata?.id === id) await removeBackup(await removalOf(found, storage), storage, clock.now());
    onRemoved(backup);
  }
}

/** Storage tells of each object by itself whether it is locked: only those are asked that would go. */
async function withLocks(
  backups: readonly RetainedInRepository[],
  policyOf: RetentionRequest["policyOf"],
  now: number,
  storage: Storage,
): Promise<readonly RepositoryDecision[]> {
  const locks = new Map<string, number>();
  for (;;) {
    const known = backups.map((backup) => {
      const lockedUntil = locks.get(backup.metadataKey);
      return lockedUntil === undefined ? backup : { ...backup, lockedUntil };
    });
    const decisions = decide(known, policyOf, now);
    if (storage.neverLocks === true) return decisions;
    const leaving = decisions.flatMap(({ backup, keep }) => (keep ? [] : [backup]));
    const found = await lockedAmong(leaving, now, storage);
    if (found.size === 0) return decisions;
    for (const [key, until] of found) locks.set(key, until);
  }
}

/**
 * That an encrypted backup is damaged is said by a file that anybody can write who can write into the repository: it stays if it would
 * without that file, too.
 */
function decide(
  backups: readonly RetainedInRepository[],
  policyOf: RetentionRequest["policyOf"],
  now: number,
): readonly RepositoryDecision[] {
  const names = new Map(backups.map(({ database, databaseName }) => [database, databaseName]));
  const policyOfKey = (database: string): RetentionPolicy => policyOf(names.get(database)!);
  const believing = planRetention(backups, policyOfKey, now);
  if (!backups.some(isOnlySaid)) return believing;
  const doubting = planRetention(
    backups.map((backup) => (isOnlySaid(backup) ? { ...backup, health: "unverified" as const } : backup)),
    policyOfKey,
    now,
  );
  return backups.map((backup, at) => {
    const decision = believing[at]!.keep ? believing[at]! : doubting[at]!;
    return { backup, keep: decision.keep, reasons: decision.reasons };
  });
}

/** Nothing but a file beside it says that it is damaged. */
function isOnlySaid({ isEncrypted, hasProblems, health }: RetainedInRepository): boolean {
  return isEncrypted && health === "damaged" && !hasProblems;
}

async function lockedAmong(
  backups: readonly RetainedInRepository[],
  now: number,
  storage: Storage,
): Promise<ReadonlyMap<string, number>> {
  const locked = new Map<string, number>();
  for (let first = 0; first < backups.length; first += LOOKS_AT_ONCE) {
    const looks = backups.slice(first, first + LOOKS_AT_ONCE).map(async ({ metadataKey }) => {
      const lock = (await storage.stat(metadataKey))?.lock;
      if (lock !== undefined && endOf(lock) > now) locked.set(metadataKey, endOf(lock));
    });
    await Promise.all(looks);
  }
  return locked;
}

function endOf({ until }: ObjectLock): number {
  return until?.getTime() ?? Number.POSITIVE_INFINITY;
}

function refuseUnreadable(errors: readonly BackupError[], storage: Storage): void {
  const [first] = errors;
  if (first === undefined) return;
  throw new BackupError({
    code: "DAMAGED",
    message: `${counted(errors.length, "metadata file")} cannot be read, so that nobody knows what they need (first: ${first.message}); nothing was removed`,
    object: first.object ?? storage.location,
    hint: "restore them from a copy of the repository, or move them away",
  });
}
