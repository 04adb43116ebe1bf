import type { RestoreSelection } from "../../../../ports/restore.ts";
import { isStatistics } from "../../archive/optimizer-statistics.ts";
import { sectionOfEntries } from "../../archive/section-of-entries.ts";
import type { TocEntry } from "../../archive/toc-entry.ts";
import { belongsToDatabase, isAttribute, partChooser, type WantedParts } from "../../archive/wanted-parts.ts";
import type { NameDecoder } from "../../dump/name-decoder.ts";
import { namedEntries, notInArchive } from "./named-entries.ts";
import { usedEntries } from "./use-list.ts";

/** An entry of which something is restored. */
export interface SelectedEntry {
  readonly entry: TocEntry;
  readonly parts: WantedParts;
}

export interface EntrySelection {
  /** In the order of the archive, or of the list that names them. */
  readonly selected: readonly SelectedEntry[];
  /** How many entries of each type were left out. */
  readonly leftOut: ReadonlyMap<string, number>;
}

/**
 * What of an archive is restored. Pure.
 * @throws BackupError NOT_FOUND for a name that is not in the archive, USAGE for a list of another archive
 */
export function selectEntries(
  entries: readonly TocEntry[],
  selection: RestoreSelection & { readonly create: boolean },
  decode: NameDecoder,
): EntrySelection {
  const used = selection.useList === undefined ? entries : usedEntries(entries, selection.useList);
  const isInSection = sectionFilter(used, selection);
  const isChosen = nameFilter(entries, selection, decode);
  const partsOf = partChooser(selection);
  const selected: SelectedEntry[] = [];
  const taken = new Set<number>();
  for (const entry of used) {
    const parts = partsOf(entry);
    if (!(parts.definition || parts.data) || !isInSection(entry) || !isChosen(entry, taken)) continue;
    selected.push({ entry, parts });
    taken.add(entry.dumpId);
  }
  const leftOut = new Map<string, number>();
  for (const { dumpId, desc } of entries) if (!taken.has(dumpId)) leftOut.set(desc, (leftOut.get(desc) ?? 0) + 1);
  return { selected, leftOut };
}

/** Whether the selection leaves out anything that the archive may hold, by name, section or list. */
export function isNarrowed({ tables, schemas, ...more }: RestoreSelection): boolean {
  const { indexes = [], functions = [], triggers = [], excludedSchemas = [], sections = [], useList } = more;
  const lists = [tables, schemas, indexes, functions, triggers, excludedSchemas, sections];
  return useList !== undefined || lists.some(({ length }) => length > 0);
}

/** The database itself is restored when it is created, whatever sections are asked for. */
function sectionFilter(used: readonly TocEntry[], { sections = [] }: RestoreSelection): (entry: TocEntry) => boolean {
  if (sections.length === 0) return () => true;
  const wanted = new Set<string>(sections);
  const sectionOf = sectionOfEntries(used);
  return ({ dumpId, desc }) => desc.startsWith("DATABASE") || wanted.has(sectionOf.get(dumpId)!);
}

/** @param taken dump ids of what is restored so far */
type IsChosen = (entry: TocEntry, taken: ReadonlySet<number>) => boolean;

/**
 * By the names of schemas and objects, as pg_restore does it: what describes another entry is restored with it, and not
 * without. Unless only what is named is wanted, a schema brings its own definition along, or takes it away.
 */
function nameFilter(entries: readonly TocEntry[], selection: RestoreSelection, decode: NameDecoder): IsChosen {
  const { schemas, excludedSchemas = [], onlyNamed = false } = selection;
  const named = namedEntries(entries, selection, decode);
  if (named === undefined && schemas.length === 0 && excludedSchemas.length === 0) return () => true;
  const included = new Set(schemas);
  const excluded = new Set(excludedSchemas);
  const missing = new Set(schemas);
  const schemaOf = ({ desc, tag, namespace }: TocEntry): string | undefined => {
    const name = desc === "SCHEMA" && !onlyNamed ? tag : namespace;
    return name === null ? undefined : decode(name);
  };
  // Privileges of columns wait for those of their table, which says nothing about what they belong to.
  const privileges = new Set(entries.filter(({ desc }) => desc === "ACL").map(({ dumpId }) => dumpId));
  for (const entry of entries) missing.delete(schemaOf(entry) ?? "");
  for (const schema of missing) throw notInArchive("schema", schema);
  return (entry, taken) => {
    if (entry.desc.startsWith("DATABASE") || belongsToDatabase(entry)) return true;
    if (isAttribute(entry)) return entry.dependencies.some((id) => taken.has(id) && !privileges.has(id));
    const schema = schemaOf(entry);
    if (schemas.length > 0 && (schema === undefined || !included.has(schema))) return false;
    if (schema !== undefined && excluded.has(schema)) return false;
    if (named === undefined || named.has(entry.dumpId)) return true;
    // They may be wanted without the table or index that they are about.
    return isStatistics(entry) && entry.dependencies.some((id) => named.has(id));
  };
}
