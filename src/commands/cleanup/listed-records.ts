import { REMOVAL_SUFFIX, VERIFICATION_SUFFIX } from "../../core/backup-name.ts";
import type { Storage } from "../../ports/storage.ts";
import type { ListedObjects } from "../listed-objects.ts";
import { isRemovalRecord } from "../removal/remove-backup.ts";
import { StrandedNames } from "./stranded-records.ts";

/** What a listing of a repository tells of the records in it. Keys are in their order. */
export interface ListedRecords {
  readonly removals: readonly string[];
  readonly verifications: readonly string[];
  /** Names of backups of which there seem to be records only. */
  readonly strandedNames: readonly string[];
}

/** @param verifications keys of their records */
export function recordsAmong(objects: ListedObjects, verifications: readonly string[]): ListedRecords {
  const keys = objects.keys();
  const names = new StrandedNames();
  for (const key of keys) names.add(key);
  const removals = keys.filter((key) => key.endsWith(REMOVAL_SUFFIX) && isRemovalRecord(key, objects.get(key)!));
  return { removals, verifications, strandedNames: names.end() };
}

/** The same of a repository that was not listed; but of removals nothing. @throws BackupError IO */
export async function recordsIn(storage: Storage): Promise<Omit<ListedRecords, "removals">> {
  const verifications: string[] = [];
  const names = new StrandedNames();
  for await (const { key } of storage.list("", { folders: true, isNameEnough: () => true })) {
    names.add(key);
    if (key.endsWith(VERIFICATION_SUFFIX)) verifications.push(key);
  }
  return { verifications, strandedNames: names.end() };
}
