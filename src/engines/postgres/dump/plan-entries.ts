import { type DumpShape, wholeShape } from "../../../ports/dump-shape.ts";
import type { DumpObject } from "../objects/dump-object.ts";
import type { EntryContext } from "../objects/entry-context.ts";
import type { ObjectRegistry } from "../objects/object-registry.ts";
import type { PlannedEntry } from "../objects/object-type.ts";
import type { DatabaseCatalog } from "../objects/read-catalog.ts";
import { sortObjects } from "../order/sort-objects.ts";
import { changesRole } from "../sql/privilege-statements.ts";
import { quoteIdentifier } from "../sql/quote.ts";
import { entryChooser } from "./choose-entries.ts";

export interface PlannedEntries {
  readonly entries: readonly PlannedEntry[];
  readonly warnings: readonly string[];
}

/** Entries that are made when they are asked for, once. */
export interface EntriesToCome {
  readonly entries: Iterable<PlannedEntry>;
  readonly warnings: readonly string[];
}

/**
 * The entries of an archive for everything that was read, in restore order. Pure: asks no server.
 * Comments and privileges follow the entry of their object.
 */
export function planEntries(catalog: DatabaseCatalog, shape: DumpShape = wholeShape): PlannedEntries {
  const script = planScript(catalog, shape);
  const entries = listed(script.entries);
  addDependencies(entries, catalog);
  addSchemaPrivileges(entries);
  return { entries, warnings: script.warnings };
}

/**
 * The same for a script, where nobody sees dependencies: those of an object's own entry are not filled. Whoever needs them one
 * after another has one at a time in memory.
 */
export function planScript(catalog: DatabaseCatalog, shape: DumpShape = wholeShape): EntriesToCome {
  const { objects, warnings } = sortObjects(catalog.registry);
  return { entries: entriesOf(objects, catalog, shape), warnings };
}

/** All of them, to be kept. */
export function listed(entries: Iterable<PlannedEntry>): PlannedEntry[] {
  const list: PlannedEntry[] = [];
  for (const entry of entries) {
    flatten(entry);
    list.push(entry);
  }
  return list;
}

function* entriesOf(
  objects: readonly DumpObject[],
  catalog: DatabaseCatalog,
  shape: DumpShape,
): Generator<PlannedEntry, void> {
  const isWanted = entryChooser(shape);
  const context: EntryContext = {
    capabilities: catalog.capabilities,
    registry: catalog.registry,
    shared: catalog.shared,
    ...catalog.descriptions,
  };
  for (const object of objects) {
    if (!hasEntries(object)) continue;
    const type = catalog.typeOf[object.dumpId];
    if (type === undefined) continue;
    for (const entry of type.entries(object, context)) if (isWanted(entry)) yield entry;
  }
}

/**
 * Privileges that somebody else than the owner granted are restored in that role's name, who must be allowed to use the
 * schema first. One after another that is so anyhow; several jobs of pg_restore would take them in any order.
 */
function addSchemaPrivileges(entries: readonly PlannedEntry[]): void {
  const privileges = entries.filter((entry) => entry.desc === "ACL");
  const ofSchemas = privileges.filter((entry) => entry.tag.startsWith("SCHEMA "));
  const ofSchema = new Map(ofSchemas.map((entry) => [entry.tag, entry.dumpId]));
  for (const entry of privileges) {
    if (entry.namespace === null) continue;
    const needed = ofSchema.get(`SCHEMA ${quoteIdentifier(entry.namespace)}`);
    if (needed === undefined || !entry.definition?.includes(changesRole)) continue;
    entry.dependencies = [...entry.dependencies, needed];
  }
}

/**
 * V8 keeps a joined string as a tree of its pieces, of 32 bytes each, until somebody looks at a character: five times what
 * the statement takes. Whoever writes it would have it joined anyhow.
 */
function flatten({ definition, drop, copy, tag, data }: PlannedEntry): void {
  look(definition);
  look(drop);
  look(copy);
  look(tag);
  if (data?.kind !== "copy") return;
  look(data.sql);
  look(data.whole?.name);
  look(data.whole?.select);
}

/** What is found is kept, since a look that nobody needs is optimized away. */
function look(text: string | null | undefined): void {
  if (text) lookedAt[0] = text.charCodeAt(0);
}

const lookedAt = new Uint8Array(1);

function hasEntries(object: DumpObject): boolean {
  const isInline = object.inlineOwner !== undefined && object.separate !== true;
  return !isInline && (object.parts.definition || object.parts.privileges);
}

/**
 * Fills the dependencies of each object's own entry with the entries it needs. Objects that have no entry (boundaries,
 * inline parts, system objects) are replaced by what they depend on themselves.
 */
function addDependencies(entries: readonly PlannedEntry[], { registry }: DatabaseCatalog): void {
  const written = new Uint8Array(1 + entries.reduce((largest, { dumpId }) => Math.max(largest, dumpId), 0));
  for (const { dumpId } of entries) written[dumpId] = 1;
  for (const entry of entries) {
    const object = registry.get(entry.dumpId);
    if (object === undefined || object.dependencies.size === 0) continue;
    entry.dependencies =
      onlyWritten(entry, object, registry, written) ?? replacedByWritten(entry, object, registry, written);
  }
}

/** Among more ids than these a set finds one faster. */
const mostToSearch = 16;

/**
 * The dependencies of an entry when all that its object needs has entries (`written`, by dump id), as of most objects. Undefined when
 * others are among them.
 */
function onlyWritten(
  { dumpId, dependencies }: PlannedEntry,
  object: DumpObject,
  registry: ObjectRegistry,
  written: Uint8Array,
): number[] | undefined {
  if (object.dependencies.size > mostToSearch) return undefined;
  const found = [...dependencies];
  let isOnly = true;
  object.dependencies.forEach((id) => {
    if (written[id] !== 1) isOnly &&= isNothing(registry.get(id));
    else if (id !== dumpId && !found.includes(id)) found.push(id);
  });
  // A copy has room for what it holds; what was pushed to, for more.
  return isOnly ? found.slice() : undefined;
}

/** Boundaries order the sections; as dependencies they would tie everything to everything. */
function isNothing(object: DumpObject | undefined): boolean {
  return object === undefined || object.kind === "pre-data-boundary" || object.kind === "post-data-boundary";
}

function replacedByWritten(
  { dumpId, dependencies }: PlannedEntry,
  object: DumpObject,
  registry: ObjectRegistry,
  written: Uint8Array,
): number[] {
  const found = new Set<number>(dependencies);
  collectWritten(object, registry, written, found);
  found.delete(dumpId);
  return [...found];
}

function collectWritten(object: DumpObject, registry: ObjectRegistry, written: Uint8Array, found: Set<number>): void {
  const waiting = replaced(object.dependencies, registry, written, found);
  if (waiting.length === 0) return;
  const seen = new Set([object.dumpId, ...object.dependencies]);
  while (waiting.length > 0) {
    const unseen = [...waiting.pop()!.dependencies].filter((id) => !seen.has(id));
    for (const id of unseen) seen.add(id);
    for (const other of replaced(unseen, registry, written, found)) waiting.push(other);
  }
}

/** Adds those that have entries (`written`, by dump id) to `found`; answers the others, whose own dependencies take their place. */
function replaced(
  ids: Iterable<number>,
  registry: ObjectRegistry,
  written: Uint8Array,
  found: Set<number>,
): DumpObject[] {
  const others: DumpObject[] = [];
  for (const id of ids) {
    if (written[id] === 1) {
      found.add(id);
      continue;
    }
    const needed = registry.get(id);
    if (!isNothing(needed)) others.push(needed!);
  }
  return others;
}
