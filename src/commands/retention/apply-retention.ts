import { BackupError } from "../../core/backup-error.ts";
import { counted } from "../../core/counted.ts";
import type { ObjectLock } from "../../core/object-lock.ts";
import { clockDoubts } from "../../core/retention/clock-doubts.ts";
import { planRetention, type RetentionDecision, removalOrder } from "../../core/retention/plan-retention.ts";
import type { RetentionPolicy } from "../../core/retention/retention-policy.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Storage } from "../../ports/storage.ts";
import { checkChain } from "../encryption/chain-of-repository.ts";
import type { Unlocking } from "../encryption/open-encrypted.ts";
import { listBackups } from "../list-backups.ts";
import { removalOf, removeBackup } from "../removal/remove-backup.ts";
import { keysOf, type RetainedInRepository, retainedBackups } from "./retained-backups.ts";

/** Objects that are asked for beside each other. */
const LOOKS_AT_ONCE = 8;
/** In days: whoever keeps backups for a day may have had a weekend without any. */
const LEAST_SUSPICIOUS_AGE = 7;

export interface RetentionRequest {
  /** @param database its name */
  readonly policyOf: (database: string) => RetentionPolicy;
  /** How encrypted backups are opened; without it they stay. */
  readonly unlocking?: Unlocking | undefined;
}

/** What becomes of a backup of a repository. */
export interface RepositoryDecision extends RetentionDecision {
  readonly backup: RetainedInRepository;
}

/** What is to become of the backups of a repository. */
export interface RetentionPlan {
  /** Oldest first. */
  readonly decisions: readonly RepositoryDecision[];
  /** Why this machine's clock may be wrong: whoever goes on all the same was asked. */
  readonly clockDoubts: readonly string[];
}

/**
 * Decides which backups of a repository stay; touches nothing.
 * @throws BackupError DAMAGED when there are metadata that cannot be read: nobody knows what they need; IO
 */
export async function planRepository(
  { policyOf, unlocking }: RetentionRequest,
  storage: Storage,
  clock: Clock,
  signal: AbortSignal,
): Promise<RetentionPlan> {
  const listing = await listBackups(storage, signal);
  if (listing.unreadable.length > 0) throw unreadable(listing.unreadable, storage);
  const opened = unlocking === undefined ? listing : await checkChain(listing.backups, unlocking, signal);
  const keys = await keysOf(storage, signal);
  const backups = await retainedBackups(opened.backups, keys, storage);
  const now = clock.now().getTime();
  const decisions = await withLocks(backups, policyOf, now, storage);
  return {
    decisions,
    clockDoubts: clockDoubts({
      now,
      backups: backups.map(({ time }) => time),
      largestAge: largestAge(backups.map(({ listed: { metadata } }) => policyOf(metadata.database).days)),
    }),
  };
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
    await removeBackup(await removalOf(backup.listed.backup, storage), storage, clock.now());
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
      const lockedUntil = locks.get(backup.listed.backup.location);
      return lockedUntil === undefined ? backup : { ...backup, lockedUntil };
    });
    const decisions = decide(known, policyOf, now);
    const leaving = decisions.flatMap(({ backup, keep }) => (keep ? [] : [backup]));
    const found = await lockedAmong(leaving, now, storage);
    if (found.size === 0) return decisions;
    for (const [location, until] of found) locks.set(location, until);
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
  const names = new Map(backups.map(({ database, listed: { metadata } }) => [database, metadata.database]));
  const policyOfKey = (database: string): RetentionPolicy => policyOf(names.get(database)!);
  const believing = planRetention(backups, policyOfKey, now);
  const doubting = backups.some(isOnlySaid)
    ? planRetention(
        backups.map((backup) => (isOnlySaid(backup) ? { ...backup, health: "unverified" } : backup)),
        policyOfKey,
        now,
      )
    : believing;
  return backups.map((backup, at) => {
    const decision = believing[at]!.keep ? believing[at]! : doubting[at]!;
    return { backup, keep: decision.keep, reasons: decision.reasons };
  });
}

/** Nothing but a file beside it says that it is damaged. */
function isOnlySaid({ isEncrypted, listed, health }: RetainedInRepository): boolean {
  return isEncrypted && health === "damaged" && listed.problems.length === 0;
}

async function lockedAmong(
  backups: readonly RetainedInRepository[],
  now: number,
  storage: Storage,
): Promise<ReadonlyMap<string, number>> {
  const locked = new Map<string, number>();
  for (let first = 0; first < backups.length; first += LOOKS_AT_ONCE) {
    const looks = backups.slice(first, first + LOOKS_AT_ONCE).map(async ({ listed: { backup } }) => {
      const key = backup.metadataFile!.location.slice(storage.location.length + 1);
      const lock = (await storage.stat(key))?.lock;
      if (lock !== undefined && endOf(lock) > now) locked.set(backup.location, endOf(lock));
    });
    await Promise.all(looks);
  }
  return locked;
}

function endOf({ until }: ObjectLock): number {
  return until?.getTime() ?? Number.POSITIVE_INFINITY;
}

function unreadable(errors: readonly BackupError[], storage: Storage): BackupError {
  const [first] = errors;
  return new BackupError({
    code: "DAMAGED",
    message: `${counted(errors.length, "metadata file")} cannot be read, so that nobody knows what they need (first: ${first!.message}); nothing was removed`,
    object: first!.object ?? storage.location,
    hint: "restore them from a copy of the repository, or move them away",
  });
}
