import type { DumpShape } from "../../../ports/dump-shape.ts";
import { sectionInOrder } from "../archive/section-of-entries.ts";
import { isSetting } from "../archive/session-settings.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { type PartOptions, partChooser } from "../archive/wanted-parts.ts";

/** What `partChooser` asks. @param create the database itself is dumped, as in every archive */
export function partsOfShape(shape: DumpShape, create: boolean): PartOptions {
  return { ...shape, create };
}

/**
 * Whether a shape wants something of an entry, to be asked of all, in their order. What is left out is in no table of contents: the
 * rules are those by which a restore leaves out.
 */
export function entryChooser(shape: DumpShape, create = true): (entry: TocEntry) => boolean {
  const sections: readonly string[] = shape.sections;
  const sectionOf = sectionInOrder();
  const partsOf = partChooser(partsOfShape(shape, create));
  return (entry) => {
    const section = sectionOf(entry);
    const isDatabase = entry.desc === "DATABASE" || entry.desc === "DATABASE PROPERTIES";
    if (isSetting(entry) || isDatabase) return true;
    if (sections.length > 0 && !sections.includes(section)) return false;
    const { definition, data } = partsOf(entry);
    return definition || data;
  };
}
