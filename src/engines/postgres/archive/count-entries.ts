import type { TocEntry } from "./toc-entry.ts";

/** How many entries of each type there are, in the order in which the types come. */
export function countEntries(entries: readonly Pick<TocEntry, "desc">[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { desc } of entries) counts.set(desc, (counts.get(desc) ?? 0) + 1);
  return counts;
}
