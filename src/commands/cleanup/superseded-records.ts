import { BackupError } from "../../core/backup-error.ts";
import { METADATA_SUFFIX, VERIFICATION_SUFFIX } from "../../core/backup-name.ts";
import { type VerificationMark, verificationMark } from "../../core/verification/verification-mark.ts";
import type { Storage } from "../../ports/storage.ts";
import { openEncrypted, type Unlocking } from "../encryption/open-encrypted.ts";
import type { FoundBackup } from "../found-backup.ts";
import { readBackup } from "../list-backups.ts";
import { readMarked } from "../proof/list-verifications.ts";
import { unlessGone } from "../unless-gone.ts";
import { nameBeside } from "../write-beside.ts";

/** Records of each backup, level and outcome that stay. One would do for all that is decided by them; people look back further. */
export const KEPT_RECORDS = 10;

/**
 * Records of verifications for which newer ones of the same backup, level and outcome stand. Only records count that are what their
 * names say; of encrypted backups only those that their keys wrote: where no key is given, all of theirs stay.
 * @param keys of all records of verifications, in their order
 * @returns their keys
 * @throws BackupError IO
 */
export async function supersededRecords(
  keys: readonly string[],
  storage: Storage,
  unlocking: Unlocking | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const superseded: string[] = [];
  for (const [name, groups] of crowdedGroups(keys)) {
    signal.throwIfAborted();
    const backup = await opened(`${name}${METADATA_SUFFIX}`, storage, unlocking);
    if (backup === undefined) continue;
    for (const marks of groups) superseded.push(...(await behindNewest(marks, backup, storage)));
  }
  return superseded;
}

/** By the name of the backup: groups of more records than stay. */
function crowdedGroups(keys: readonly string[]): ReadonlyMap<string, readonly (readonly VerificationMark[])[]> {
  const marks: VerificationMark[] = [];
  for (const key of besideCrowded(keys)) {
    const mark = verificationMark(key);
    // Only the file of an older one tells its outcome.
    if (mark?.status !== undefined) marks.push(mark);
  }
  const groups = [...Map.groupBy(marks, groupOf).values()].filter((group) => group.length > KEPT_RECORDS);
  return Map.groupBy(groups, ([first]) => first!.backup);
}

/**
 * Those of backups with many: mostly there are none, and of a hundred thousand names nothing is kept. In their order all that begin with
 * the name of a backup and a dot stand together: if it has more than so many, the one so far behind its first still begins so.
 */
function* besideCrowded(keys: readonly string[]): Generator<string> {
  const crowded = new Set<string>();
  for (let at = 0; at + KEPT_RECORDS < keys.length; at++) {
    const name = nameBeside(keys[at]!, VERIFICATION_SUFFIX);
    if (keys[at + KEPT_RECORDS]!.startsWith(`${name}.`)) crowded.add(name);
  }
  if (crowded.size === 0) return;
  for (const key of keys) if (crowded.has(nameBeside(key, VERIFICATION_SUFFIX))) yield key;
}

function groupOf({ backup, level, status }: VerificationMark): string {
  return `${level} ${status} ${backup}`;
}

/** Undefined when it is not there any more, and for an encrypted one that no key opens. */
async function opened(
  metadataKey: string,
  storage: Storage,
  unlocking: Unlocking | undefined,
): Promise<FoundBackup | undefined> {
  try {
    const backup = await readBackup(storage, metadataKey);
    if (backup?.metadata?.sealed === undefined) return backup;
    return unlocking?.decryption === undefined ? undefined : await openEncrypted(backup, unlocking);
  } catch (error) {
    // What is wrong with a backup is for others to tell; its records stay.
    if (error instanceof BackupError && error.code !== "IO") return undefined;
    throw error;
  }
}

async function behindNewest(
  marks: readonly VerificationMark[],
  backup: FoundBackup,
  storage: Storage,
): Promise<readonly string[]> {
  const newestFirst = marks.toSorted((a, b) => b.time.getTime() - a.time.getTime() || (a.key < b.key ? 1 : -1));
  let kept = 0;
  for (let at = 0; at < newestFirst.length; at++) {
    if (kept === KEPT_RECORDS) return newestFirst.slice(at).map(({ key }) => key);
    if ((await readMarked(newestFirst[at]!, backup, storage).catch(unlessGone)) !== undefined) kept++;
  }
  return [];
}
