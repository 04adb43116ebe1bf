import { type DumpShape, wholeShape } from "../../../ports/dump-shape.ts";
import type { DumpObject } from "../objects/dump-object.ts";
import type { EntryContext } from "../objects/entry-context.ts";
import type { DataSource, PlannedEntry } from "../objects/object-type.ts";
import type { DatabaseCatalog } from "../objects/read-catalog.ts";
import { sortObjects } from "../order/sort-objects.ts";
import { entryChooser } from "./choose-entries.ts";
import { EntryDependencies } from "./entry-dependencies.ts";

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
  const { entries, warnings } = planScript(catalog, shape);
  return { entries: listedWithDependencies(entries, new EntryDependencies(catalog.registry)), warnings };
}

/** The same one after another, without what objects' own entries depend on: in a script nobody sees that. */
export function planScript(catalog: DatabaseCatalog, shape: DumpShape = wholeShape): EntriesToCome {
  const { objects, warnings } = sortObjects(catalog.registry);
  return { entries: entriesOf(objects, catalog, shape), warnings };
}

/** All entries of an archive, complete. */
export function listedWithDependencies(
  entries: Iterable<PlannedEntry>,
  dependencies: EntryDependencies,
): PlannedEntry[] {
  const list = listed(entries);
  for (const entry of list) dependencies.see(entry);
  for (const entry of list) entry.dependencies = dependencies.of(entry.dumpId, entry.dependencies);
  return list;
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
 * V8 keeps a joined string as a tree of its pieces, of 32 bytes each, until somebody looks at a character: five times what
 * the statement takes. Whoever writes it would have it joined anyhow.
 */
function flatten({ definition, drop, copy, tag, data }: PlannedEntry): void {
  look(definition);
  look(drop);
  look(copy);
  look(tag);
  if (data !== undefined) flattenSource(data);
}

/** The same for what is kept of it as long as rows are copied. */
export function flattenSource(data: DataSource): void {
  if (data.kind !== "copy") return;
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
