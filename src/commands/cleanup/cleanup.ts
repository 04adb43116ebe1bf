import type { Storage } from "../../ports/storage.ts";
import { finishRemovals, forgetRemovals, unfinishedRemovals } from "../removal/remove-backup.ts";
import { discardCopy } from "../removal/unfinished-copy.ts";
import { type UnfinishedWork, unfinishedWork } from "./unfinished-work.ts";

export interface CleanupRequest {
  /** Change nothing, and tell what would be removed. */
  readonly dryRun: boolean;
  /** Remove copies and backups, too, that were interrupted and could go on. */
  readonly abandonUnfinished: boolean;
  /** Records of removals, where the repository was listed just now; for runs that change nothing. */
  readonly removalRecords?: readonly string[] | undefined;
}

/** What was removed, or would be. */
export interface CleanupResult {
  /** Runs that had died. */
  readonly runs: number;
  /** Keys of what they had written, and what counted for no backup. */
  readonly objects: readonly string[];
  /** Keys of unfinished uploads, where the service tells of them. */
  readonly uploads: readonly string[];
  /** Ids of backups whose removal had been interrupted. */
  readonly removals: readonly string[];
  /** What was interrupted and can go on, or is being worked on. */
  readonly unfinished: readonly (UnfinishedWork & { readonly isRemoved: boolean })[];
}

/**
 * Removes from a repository what dead runs have left, and finishes removals. What living runs own is left alone.
 * @throws BackupError NOT_FOUND when there is no such repository, PRECHECK when a run goes on with what is to be abandoned, IO
 */
export async function cleanup(
  { dryRun, abandonUnfinished, removalRecords }: CleanupRequest,
  storage: Storage,
  signal: AbortSignal,
): Promise<CleanupResult> {
  const removals = dryRun ? await begunRemovals(storage, removalRecords) : await finishRemovals(storage);
  if (!dryRun) await forgetRemovals(storage);
  signal.throwIfAborted();
  const { works: runs, objects, uploads, noted } = await storage.sweep({ dryRun, unknownUploads: true });
  const unfinished: (UnfinishedWork & { isRemoved: boolean })[] = [];
  for (const work of noted) {
    signal.throwIfAborted();
    const isRemoved = abandonUnfinished && !work.isBusy;
    // A backup that can be resumed is a work with notes as a copy is, and goes the same way.
    if (isRemoved && !dryRun) await discardCopy(work, storage);
    unfinished.push({ ...unfinishedWork(work), isRemoved });
  }
  return { runs, objects, uploads, removals, unfinished };
}

async function begunRemovals(storage: Storage, listed: readonly string[] | undefined): Promise<readonly string[]> {
  return [...(await unfinishedRemovals(storage, listed)).values()].map(({ id }) => id);
}
