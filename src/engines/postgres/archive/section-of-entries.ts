import type { Section, TocEntry } from "./toc-entry.ts";

/**
 * The section that each entry is restored in, by dump id: comments, labels and privileges, which lie in none, go with what
 * stands before them, as in pg_restore.
 */
export function sectionOfEntries(entries: readonly TocEntry[]): ReadonlyMap<number, Section> {
  const sectionOf = sectionInOrder();
  return new Map(entries.map((entry) => [entry.dumpId, sectionOf(entry)]));
}

/** Tells the section of one entry after another, in the order of the table of contents. */
export function sectionInOrder(): (entry: TocEntry) => Section {
  let current: Section = "pre-data";
  return ({ section }) => {
    if (section !== "none") current = section;
    return current;
  };
}
