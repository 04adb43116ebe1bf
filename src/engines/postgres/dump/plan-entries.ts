import type { DumpObject } from "../objects/dump-object.ts";
import type { EntryContext } from "../objects/entry-context.ts";
import type { PlannedEntry } from "../objects/object-type.ts";
import type { DatabaseCatalog } from "../objects/read-catalog.ts";
import { sortObjects } from "../order/sort-objects.ts";
import { changesRole } from "../sql/privilege-statements.ts";
import { quoteIdentifier } from "../sql/quote.ts";

export interface PlannedEntries {
  readonly entries: readonly PlannedEntry[];
  readonly warnings: readonly string[];
}

/**
 * The entries of an archive for everything that was read, in restore order. Pure: asks no server.
 * Comments and privileges follow the entry of their object.
 */
export function planEntries(catalog: DatabaseCatalog): PlannedEntries {
  const { objects, warnings } = sortObjects(catalog.registry);
  const context: EntryContext = {
    capabilities: catalog.capabilities,
    registry: catalog.registry,
    shared: catalog.shared,
    ...catalog.descriptions,
  };
  const entries: PlannedEntry[] = [];
  for (const object of objects) {
    if (!hasEntries(object)) continue;
    const type = catalog.typeOf.get(object.dumpId);
    if (type !== undefined) entries.push(...type.entries(object, context));
  }
  return { entries: withSchemaPrivileges(withDependencies(entries, catalog)), warnings };
}

/**
 * Privileges that somebody else than the owner granted are restored in that role's name, who must be allowed to use the
 * schema first. One after another that is so anyhow; several jobs of pg_restore would take them in any order.
 */
function withSchemaPrivileges(entries: readonly PlannedEntry[]): PlannedEntry[] {
  const ofSchema = new Map(
    entries.flatMap((entry) =>
      entry.desc === "ACL" && entry.tag.startsWith("SCHEMA ") ? [[entry.tag, entry.dumpId] as const] : [],
    ),
  );
  return entries.map((entry) => {
    if (entry.desc !== "ACL" || entry.namespace === null) return entry;
    const needed = ofSchema.get(`SCHEMA ${quoteIdentifier(entry.namespace)}`);
    if (needed === undefined || !entry.definition?.includes(changesRole)) return entry;
    return { ...entry, dependencies: [...entry.dependencies, needed] };
  });
}

function hasEntries(object: DumpObject): boolean {
  const isInline = object.inlineOwner !== undefined && object.separate !== true;
  return !isInline && (object.parts.definition || object.parts.privileges);
}

/**
 * Fills the dependencies of each object's own entry with the entries it needs. Objects that have no entry (boundaries,
 * inline parts, system objects) are replaced by what they depend on themselves.
 */
function withDependencies(entries: readonly PlannedEntry[], catalog: DatabaseCatalog): PlannedEntry[] {
  const written = new Set(entries.map((entry) => entry.dumpId));
  return entries.map((entry) => {
    const object = catalog.registry.get(entry.dumpId);
    if (object === undefined) return entry;
    const found = new Set<number>(entry.dependencies);
    collectWritten(object, catalog, written, found, new Set([object.dumpId]));
    found.delete(entry.dumpId);
    return { ...entry, dependencies: [...found] };
  });
}

function collectWritten(
  object: DumpObject,
  catalog: DatabaseCatalog,
  written: ReadonlySet<number>,
  found: Set<number>,
  seen: Set<number>,
): void {
  const waiting = [object];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const id of next.dependencies) {
      if (seen.has(id)) continue;
      seen.add(id);
      const needed = catalog.registry.get(id);
      // Boundaries order the sections; as dependencies they would tie everything to everything.
      if (needed === undefined || needed.kind.endsWith("-boundary")) continue;
      if (written.has(id)) found.add(id);
      else waiting.push(needed);
    }
  }
}
