import { METADATA_SUFFIX } from "../core/backup-name.ts";
import { type DueCandidate, type DueChoice, dueBackups } from "../core/verification/due-backups.ts";
import { isAtLeast, type VerificationLevel } from "../core/verification/verification-level.ts";
import type { VerificationMark } from "../core/verification/verification-mark.ts";
import type { Storage } from "../ports/storage.ts";
import { openEncrypted, type Unlocking } from "./encryption/open-encrypted.ts";
import type { FoundBackup } from "./found-backup.ts";
import { readMarked, verificationMarks } from "./proof/list-verifications.ts";
import { placeOfRecords } from "./proof/place-of-backup.ts";

export interface VerifyChoice extends DueChoice {
  readonly level: VerificationLevel;
}

/**
 * Those of some backups that are due, longest unchecked first. What the names of the records say is believed; of encrypted backups, as they
 * are stored, only records that their keys wrote, where a key opens them.
 * @throws BackupError IO
 */
export async function chooseToVerify(
  backups: readonly FoundBackup[],
  choice: VerifyChoice,
  openStorage: (location: string) => Promise<Storage>,
  unlocking: Unlocking,
  now: Date,
): Promise<readonly FoundBackup[]> {
  const candidates: (DueCandidate & { readonly backup: FoundBackup })[] = [];
  for (const [folder, some] of Map.groupBy(backups, (backup) => placeOfRecords(backup).folder)) {
    const storage = await openStorage(folder);
    const marks = await verificationMarks(storage);
    const arrivals = await metadataTimes(storage);
    for (const backup of some) {
      const { location, metadata } = backup;
      const { name } = placeOfRecords(backup);
      const close = (marks.get(name) ?? []).filter(({ level }) => isAtLeast(level, choice.level));
      const arrived = arrivals.get(`${name}${METADATA_SUFFIX}`) ?? new Date(metadata?.timestamp ?? now);
      candidates.push({
        backup,
        id: metadata?.id ?? location,
        verifiedAt: (await lastBelieved(close, backup, storage, unlocking))?.getTime(),
        arrivedAt: arrived.getTime(),
      });
    }
  }
  return dueBackups(candidates, choice, now.getTime()).map(({ backup }) => backup);
}

/** @param marks newest first */
async function lastBelieved(
  marks: readonly VerificationMark[],
  backup: FoundBackup,
  storage: Storage,
  { decryption, onDamage }: Unlocking,
): Promise<Date | undefined> {
  if (marks.length === 0 || decryption === undefined || backup.metadata?.sealed === undefined) return marks[0]?.time;
  try {
    const opened = await openEncrypted(backup, { decryption, onDamage });
    for (const mark of marks) if ((await readMarked(mark, opened, storage)) !== undefined) return mark.time;
  } catch {
    // What cannot be opened is told when it is verified.
  }
  return undefined;
}

async function metadataTimes(storage: Storage): Promise<ReadonlyMap<string, Date>> {
  const times = new Map<string, Date>();
  for await (const { key, modified } of storage.list("")) if (key.endsWith(METADATA_SUFFIX)) times.set(key, modified);
  return times;
}
