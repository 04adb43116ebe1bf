import type { NotedWork, Storage } from "../../ports/storage.ts";
import { readCopyRecord } from "../transfer/copy-record.ts";

/** A shorter beginning of an id is more likely a mistake. */
const MIN_ID_DIGITS = 4;

/**
 * What came of a backup whose copy was interrupted.
 * @param argument its id, or the beginning of it
 * @returns undefined when there is none, or several
 */
export async function unfinishedCopy(argument: string, storage: Storage): Promise<NotedWork | undefined> {
  if (argument.length < MIN_ID_DIGITS) return undefined;
  const { noted } = await storage.sweep();
  const meant = noted.filter(({ id, firstNote }) => readCopyRecord(firstNote)?.id === id && id.startsWith(argument));
  return meant.length === 1 ? meant[0] : undefined;
}

/** Removes it. @throws BackupError PRECHECK when a run is at it, IO */
export async function discardCopy({ id, firstNote }: NotedWork, storage: Storage): Promise<void> {
  const transfer = await storage.beginTransfer({ id, note: firstNote, folder: undefined, seal: undefined });
  await transfer.discard();
}
