import { readVerification } from "../../core/verification/read-verification.ts";
import type { VerificationLevel } from "../../core/verification/verification-level.ts";
import { type VerificationMark, verificationMark } from "../../core/verification/verification-mark.ts";
import type { Verification } from "../../core/verification/verification-schema.ts";
import type { Storage } from "../../ports/storage.ts";
import type { FoundBackup } from "../found-backup.ts";
import { readWhole } from "../read-whole.ts";
import { unlessGone } from "../unless-gone.ts";
import { placeOfRecords } from "./place-of-backup.ts";
import { isBound } from "./verification-mac.ts";

/** What was found when a backup was verified. */
export interface StoredVerification {
  readonly file: string;
  readonly level: VerificationLevel;
  readonly verification: Verification;
}

/** A hundred findings and the rows of some checks; a larger file is none of ours. */
const MAX_BYTES = 16 << 20;

/**
 * What the names of all records in a repository say of verifications, by the name of the backup, newest first: nothing is opened. Whoever
 * can write there can make such names; {@link readMarked} reads what one says, and whether it is bound to the backup.
 * @throws BackupError NOT_FOUND, IO
 */
export async function verificationMarks(
  storage: Storage,
  prefix = "",
): Promise<ReadonlyMap<string, readonly VerificationMark[]>> {
  const marks: VerificationMark[] = [];
  for await (const { key } of storage.list(prefix, { isNameEnough: () => true })) {
    const mark = verificationMark(key);
    if (mark !== undefined) marks.push(mark);
  }
  marks.sort((a, b) => b.time.getTime() - a.time.getTime());
  return Map.groupBy(marks, ({ backup }) => backup);
}

/**
 * The record behind a name; undefined for what is none, is that of another backup, says something else than its name, or, when the backup
 * is encrypted and was unlocked, was not written by somebody with its keys.
 * @throws BackupError NOT_FOUND, IO
 */
export async function readMarked(
  mark: VerificationMark,
  backup: FoundBackup,
  storage: Storage,
): Promise<StoredVerification | undefined> {
  const verification = await readRecord(mark, storage);
  if (verification === undefined || verification.backup_id !== backup.metadata?.id) return undefined;
  if (!(await isBound(verification, backup))) return undefined;
  return { file: `${storage.location}/${mark.key}`, level: mark.level, verification };
}

/** The same of whatever backup it is, and whoever wrote it. @throws BackupError NOT_FOUND, IO */
export async function readRecord(
  { key, level, status }: VerificationMark,
  storage: Storage,
): Promise<Verification | undefined> {
  const bytes = await readWhole(storage, key, MAX_BYTES);
  const verification = bytes && readVerification(bytes.toString("utf8"));
  if (verification === undefined || (verification.level ?? "restore") !== level) return undefined;
  return (status ?? verification.status) === verification.status ? verification : undefined;
}

/**
 * The results of verifications that lie beside a backup, newest first. Files that are no such result, or that of another backup, are
 * passed over; and those of an encrypted one that was unlocked when its keys did not write them.
 * @throws BackupError IO
 */
export async function listVerifications(
  backup: FoundBackup,
  openStorage: (location: string) => Promise<Storage>,
): Promise<readonly StoredVerification[]> {
  const { folder, name } = placeOfRecords(backup);
  const storage = await openStorage(folder);
  const marks = (await verificationMarks(storage, `${name}.`)).get(name) ?? [];
  const found: StoredVerification[] = [];
  for (const mark of marks) {
    // `cleanup` may have removed an old one since.
    const stored = await readMarked(mark, backup, storage).catch(unlessGone);
    if (stored !== undefined) found.push(stored);
  }
  const time = ({ verification }: StoredVerification): number => Date.parse(verification.timestamp);
  return found.toSorted((a, b) => time(b) - time(a));
}
