import type { CatalogId } from "../archive/toc-entry.ts";
import type { Capabilities } from "../capabilities.ts";
import { Catalog, type CatalogReader, type SharedFacts } from "./catalog-reader.ts";
import type { DumpObject } from "./dump-object.ts";
import { objectTypes } from "./index.ts";
import { ObjectRegistry } from "./object-registry.ts";
import type { ObjectType } from "./object-type.ts";
import { type Comments, type RunQuery, readComments, readSharedFacts } from "./shared-facts.ts";

/** An array of a multirange of a range: longer chains of objects that come with another one are not known. */
const maxInternalOwners = 8;

/** Everything read from the catalogues of one database, with dependencies, not yet sorted. */
export interface DatabaseCatalog {
  readonly capabilities: Capabilities;
  readonly shared: SharedFacts;
  readonly comments: Comments;
  readonly registry: ObjectRegistry;
  /** Which type made an object, by dump id. */
  readonly typeOf: ReadonlyMap<number, ObjectType>;
}

/**
 * Reads all object types and their dependencies.
 * @param run runs one query in the dump's snapshot, with an empty search_path.
 */
export async function readCatalog(run: RunQuery, capabilities: Capabilities): Promise<DatabaseCatalog> {
  const registry = new ObjectRegistry();
  const shared = await readSharedFacts(run);
  const comments = await readComments(run);
  const reader: CatalogReader = { capabilities, registry, shared, rows: run };
  const typeOf = new Map<number, ObjectType>();
  const read: { type: ObjectType; objects: readonly DumpObject[] }[] = [];
  for (const type of objectTypes) {
    const objects = await type.read(reader);
    for (const object of objects) typeOf.set(object.dumpId, type);
    read.push({ type, objects });
  }
  await applyDependencies(run, registry, shared);
  for (const { type, objects } of read) type.link?.(objects, registry);
  return { capabilities, shared, comments, registry, typeOf };
}

/**
 * pg_depend as edges between registered objects. Members of extensions are represented by their extension, and what
 * comes with another object (array types, row types, constructors of ranges) by that object.
 */
async function applyDependencies(run: RunQuery, registry: ObjectRegistry, shared: SharedFacts): Promise<void> {
  const rows = await run(
    "SELECT classid, objid, refclassid, refobjid, deptype FROM pg_catalog.pg_depend " +
      "WHERE deptype NOT IN ('p', 'e') ORDER BY 1, 2",
  );
  const ownerOf = new Map<string, CatalogId>();
  for (const row of rows) {
    const owner = { table: Number(row.refclassid), oid: Number(row.refobjid) };
    if (row.deptype === "i") ownerOf.set(`${row.classid}:${row.objid}`, owner);
  }
  const find = (id: CatalogId): DumpObject | undefined => {
    for (let next: CatalogId | undefined = id, steps = 0; next !== undefined && steps < maxInternalOwners; steps++) {
      const object = registry.find(next) ?? extensionObject(next, registry, shared);
      if (object !== undefined) return object;
      next = ownerOf.get(`${next.table}:${next.oid}`);
    }
    return undefined;
  };
  for (const row of rows) {
    const object = registry.find({ table: Number(row.classid), oid: Number(row.objid) });
    if (object === undefined) continue;
    const needed = find({ table: Number(row.refclassid), oid: Number(row.refobjid) });
    if (needed !== undefined && needed !== object) object.dependencies.add(needed.dumpId);
  }
  for (const object of registry.all()) {
    const extension = extensionObject(object.catalog, registry, shared);
    if (extension !== undefined) object.dependencies.add(extension.dumpId);
  }
}

function extensionObject(id: CatalogId, registry: ObjectRegistry, shared: SharedFacts): DumpObject | undefined {
  const extension = shared.extensionOf(id.table, id.oid);
  return extension === undefined ? undefined : registry.find({ table: Catalog.pg_extension, oid: extension.oid });
}
