import { BackupError } from "../../core/backup-error.ts";
import type { ProgressSink } from "../../ports/progress.ts";
import type { Storage } from "../../ports/storage.ts";
import type { FoundBackup } from "../found-backup.ts";
import { readMarked, verificationMarks } from "../proof/list-verifications.ts";
import { placeOfRecords } from "../proof/place-of-backup.ts";
import { readWhole } from "../read-whole.ts";
import { unlessGone } from "../unless-gone.ts";
import { type CopiedBackup, copyBackup } from "./copy-backup.ts";

/**
 * As {@link copyBackup}; and what restores on trial have said of the backup goes with it. That is said of its bytes, which were
 * compared just now. Records of other levels are of the files where they lie: a copy that was there already may have gone bad since, and
 * gets none of either.
 * @param openStorage opens where the backup lies
 * @throws BackupError as `copyBackup`
 */
export async function copyWithProofs(
  found: FoundBackup,
  to: Storage,
  openStorage: (location: string) => Promise<Storage>,
  progress: ProgressSink,
  signal: AbortSignal,
): Promise<CopiedBackup> {
  const copied = await copyBackup(found, to, progress, signal);
  if (copied.wasThere) return copied;
  const { folder, name } = placeOfRecords(found);
  const from = await openStorage(folder);
  const marks = (await verificationMarks(from, `${name}.`)).get(name) ?? [];
  for (const status of ["ok", "damaged"] as const) {
    for (const mark of marks.filter((one) => one.level === "restore" && one.status === status)) {
      const record = await readMarked(mark, found, from).catch(unlessGone);
      if (record === undefined) continue;
      await copyRecord(mark.key, from, to);
      break;
    }
  }
  return copied;
}

async function copyRecord(key: string, from: Storage, to: Storage): Promise<void> {
  const work = await to.beginWork();
  try {
    const pending = await work.create(key);
    await pending.write(await readWhole(from, key));
    await pending.commit(key, "seal");
  } catch (error) {
    // Another copy that was there before, and was removed, may have left it; `cleanup` of there may have taken it here.
    if (!(error instanceof BackupError) || !["EXISTS", "NOT_FOUND"].includes(error.code)) throw error;
  } finally {
    await work.end();
  }
}
