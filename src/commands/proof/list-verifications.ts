import { VERIFICATION_SUFFIX } from "../../core/backup-name.ts";
import { readVerification } from "../../core/verification/read-verification.ts";
import type { Verification } from "../../core/verification/verification-schema.ts";
import type { Storage } from "../../ports/storage.ts";
import type { FoundBackup } from "../found-backup.ts";
import { readWhole } from "../read-whole.ts";
import { folderOf, nameOf } from "./place-of-backup.ts";

/** What was found when a backup was restored on trial. */
export interface StoredVerification {
  readonly file: string;
  readonly verification: Verification;
}

/** A hundred findings and the rows of some checks; a larger file is none of ours. */
const MAX_BYTES = 16 << 20;

/**
 * The results of `verify --restore` that lie beside a backup, newest first. Files that are no such result, or that of
 * another backup, are passed over.
 * @throws BackupError IO
 */
export async function listVerifications(
  { location, metadata }: FoundBackup,
  openStorage: (location: string) => Promise<Storage>,
): Promise<readonly StoredVerification[]> {
  const storage = await openStorage(folderOf(location));
  const found: StoredVerification[] = [];
  for await (const { key, size } of storage.list(`${nameOf(location)}.`)) {
    if (!key.endsWith(VERIFICATION_SUFFIX) || size > MAX_BYTES) continue;
    const verification = readVerification((await readWhole(storage, key)).toString("utf8"));
    if (verification === undefined || verification.backup_id !== metadata?.id) continue;
    found.push({ file: `${storage.location}/${key}`, verification });
  }
  const time = ({ verification }: StoredVerification): number => Date.parse(verification.timestamp);
  return found.toSorted((a, b) => time(b) - time(a));
}
