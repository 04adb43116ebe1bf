import { BackupError } from "../../core/backup-error.ts";
import type { Storage } from "../../ports/storage.ts";
import type { Unlocking } from "../encryption/open-encrypted.ts";
import { finishRemovals, forgetRemovals, unfinishedRemovals } from "../removal/remove-backup.ts";
import { discardCopy } from "../removal/unfinished-copy.ts";
import { type ListedRecords, recordsIn } from "./listed-records.ts";
import { strandedRecords } from "./stranded-records.ts";
import { supersededRecords } from "./superseded-records.ts";
import { type UnfinishedWork, unfinishedWork } from "./unfinished-work.ts";

export interface CleanupRequest {
  /** Change nothing, and tell what would be removed. */
  readonly dryRun: boolean;
  /** Remove copies and backups, too, that were interrupted and could go on. */
  readonly abandonUnfinished: boolean;
  readonly now: Date;
  /** How encrypted backups are opened; without it all records of their verifications stay. */
  readonly unlocking?: Unlocking | undefined;
  /** What lies there, where the repository was listed just now; for runs that change nothing. */
  readonly listed?: ListedRecords | undefined;
}

/** What was removed, or would be. */
export interface CleanupResult {
  /** Runs that had died. */
  readonly runs: number;
  /** Keys of what they had written. */
  readonly objects: readonly string[];
  /** Keys of unfinished uploads, where the service tells of them. */
  readonly uploads: readonly string[];
  /** Ids of backups whose removal had been interrupted. */
  readonly removals: readonly string[];
  /** Keys of records of verifications for which newer ones stand. */
  readonly verifications: readonly string[];
  /** Keys of records and key files of backups of which nothing else is there. */
  readonly stranded: readonly string[];
  /** What was interrupted and can go on, or is being worked on. */
  readonly unfinished: readonly (UnfinishedWork & { readonly isRemoved: boolean })[];
}

/**
 * Removes from a repository what dead runs have left, and old records of verifications, and finishes removals. What living runs own is
 * left alone.
 * @throws BackupError NOT_FOUND when there is no such repository, PRECHECK when a run goes on with what is to be abandoned, IO
 */
export async function cleanup(
  { dryRun, abandonUnfinished, now, unlocking, listed }: CleanupRequest,
  storage: Storage,
  signal: AbortSignal,
): Promise<CleanupResult> {
  const removals = dryRun ? await begunRemovals(storage, listed?.removals) : await finishRemovals(storage);
  if (!dryRun) await forgetRemovals(storage);
  signal.throwIfAborted();
  const {
    works: runs,
    objects,
    uploads,
    noted,
  } = await storage.sweep({
    dryRun,
    wasListed: listed !== undefined,
    unknownUploads: true,
  });
  const unfinished: (UnfinishedWork & { isRemoved: boolean })[] = [];
  for (const work of noted) {
    signal.throwIfAborted();
    const isRemoved = abandonUnfinished && !work.isBusy;
    // A backup that can be resumed is a work with notes as a copy is, and goes the same way.
    if (isRemoved && !dryRun) await discardCopy(work, storage);
    unfinished.push({ ...unfinishedWork(work), isRemoved });
  }
  const records = dryRun && listed !== undefined ? listed : await recordsIn(storage);
  const superseded = await supersededRecords(records.verifications, storage, unlocking, signal);
  const alone = await strandedRecords(records.strandedNames, storage, now, signal);
  const leave = async (keys: readonly string[]) => (dryRun ? keys : await removeUnlocked(keys, storage, signal));
  const [verifications, stranded] = [await leave(superseded), await leave(alone)];
  return { runs, objects, uploads, removals, verifications, stranded, unfinished };
}

/** @returns those that may be removed by now */
async function removeUnlocked(
  keys: readonly string[],
  storage: Storage,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const key of keys) {
    signal.throwIfAborted();
    try {
      await storage.remove(key);
      removed.push(key);
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== "LOCKED") throw error;
    }
  }
  return removed;
}

async function begunRemovals(storage: Storage, listed: readonly string[] | undefined): Promise<readonly string[]> {
  return [...(await unfinishedRemovals(storage, listed)).values()].map(({ id }) => id);
}
