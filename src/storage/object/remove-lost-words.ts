import type { ListedObject, ObjectStore } from "../../ports/object-store.ts";
import { idOfWordKey, recordKey } from "./work-record.ts";

/** Whoever has said something of a work and did not write its record for so long does not come back. */
const LOST_MS = 24 * 3_600_000;

/**
 * Removes what runs have said of works that have no record: they died in between. Nobody else would: a sweep goes by the records.
 * @param listed objects of works that are no records
 * @returns how many works they were of
 */
export async function removeLostWords(
  store: ObjectStore,
  listed: readonly ListedObject[],
  dryRun: boolean,
): Promise<number> {
  const lost = new Set<string>();
  for (const { key, modified } of listed) {
    const id = idOfWordKey(key);
    if (id === undefined || store.now().getTime() - modified.getTime() <= LOST_MS) continue;
    // Somebody may have taken the work up since.
    if ((await store.head(recordKey(id))) !== undefined) continue;
    if (!dryRun) await store.remove(key);
    lost.add(id);
  }
  return lost.size;
}
