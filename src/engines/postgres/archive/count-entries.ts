import type { TocEntry } from "./toc-entry.ts";

/** How many entries of each type there are, in the order in which the types come. */
export function countEntries(entries: readonly Pick<TocEntry, "desc">[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { desc } of entries) addEntry(counts, desc);
  return counts;
}

/** The same entries, which are counted in `counts` as they go by. */
export function* countingEntries<E extends Pick<TocEntry, "desc">>(
  entries: Iterable<E>,
  counts: Map<string, number>,
): Generator<E, void> {
  for (const entry of entries) {
    addEntry(counts, entry.desc);
    yield entry;
  }
}

function addEntry(counts: Map<string, number>, desc: string): void {
  counts.set(desc, (counts.get(desc) ?? 0) + 1);
}
