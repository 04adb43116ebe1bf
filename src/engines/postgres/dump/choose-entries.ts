import type { DumpShape } from "../../../ports/dump-shape.ts";
import { sectionOfEntries } from "../archive/section-of-entries.ts";
import { isSetting } from "../archive/session-settings.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { type PartOptions, partChooser } from "../archive/wanted-parts.ts";

/** What `partChooser` asks. @param create the database itself is dumped, as in every archive */
export function partsOfShape(shape: DumpShape, create: boolean): PartOptions {
  return { ...shape, create };
}

/**
 * The entries of which a shape wants something. What is left out is in no table of contents: the rules are those by which a
 * restore leaves out.
 */
export function chooseEntries<E extends TocEntry>(entries: readonly E[], shape: DumpShape, create = true): E[] {
  const sections = shape.sections.length === 0 ? undefined : sectionOfEntries(entries);
  const partsOf = partChooser(partsOfShape(shape, create));
  return entries.filter((entry) => {
    const isDatabase = entry.desc === "DATABASE" || entry.desc === "DATABASE PROPERTIES";
    if (isSetting(entry) || isDatabase) return true;
    const section = sections?.get(entry.dumpId);
    if (section !== undefined && !(shape.sections as readonly string[]).includes(section)) return false;
    const { definition, data } = partsOf(entry);
    return definition || data;
  });
}
