import type { ObjectStore, UnfinishedUpload } from "../../ports/object-store.ts";
import { recordsOfOthers } from "./remove-own.ts";
import { covers, WORK_PREFIX } from "./work-record.ts";

/** An upload that nobody has written down may be that of another program, or of somebody who moves backups by hand. */
const UNKNOWN_MS = 24 * 3_600_000;

/**
 * Removes old unfinished uploads that no record of a work speaks of: those of runs whose record was removed by hand, or by a rule of
 * the bucket. Who works has written its record before it begins an upload, so that uploads are looked for first.
 * @returns their keys
 */
export async function removeUnknownUploads(store: ObjectStore, dryRun: boolean): Promise<readonly string[]> {
  const old: UnfinishedUpload[] = [];
  for await (const upload of store.unfinishedUploads("")) {
    const { begun } = upload;
    if (begun !== undefined && store.now().getTime() - begun.getTime() > UNKNOWN_MS) old.push(upload);
  }
  if (old.length === 0) return [];
  const records = await recordsOfOthers(store);
  const unknown = old.filter(
    ({ key }) => !records.some((record) => covers(record, key) || key.startsWith(`${WORK_PREFIX}${record.id}/`)),
  );
  if (!dryRun) for (const upload of unknown) await store.abandonUpload(upload);
  return unknown.map(({ key }) => key);
}
