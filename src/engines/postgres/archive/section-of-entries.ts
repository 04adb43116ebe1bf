import type { Section, TocEntry } from "./toc-entry.ts";

/**
 * The section that each entry is restored in, by dump id: comments, labels and privileges, which lie in none, go with what
 * stands before them, as in pg_restore.
 */
export function sectionOfEntries(entries: readonly TocEntry[]): ReadonlyMap<number, Section> {
  const sections = new Map<number, Section>();
  let current: Section = "pre-data";
  for (const { dumpId, section } of entries) {
    if (section !== "none") current = section;
    sections.set(dumpId, current);
  }
  return sections;
}
