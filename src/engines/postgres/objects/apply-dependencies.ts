import type { CatalogId } from "../archive/toc-entry.ts";
import { catalogKey } from "./catalog-key.ts";
import { Catalog, type Row, type SharedFacts } from "./catalog-reader.ts";
import type { DumpObject } from "./dump-object.ts";
import type { ObjectRegistry } from "./object-registry.ts";

/** An array of a multirange of a range: longer chains of objects that come with another one are not known. */
const maxInternalOwners = 8;

/** What members of operator families need, their families and classes need. */
const familyMembers = (catalog: string, family: string): string =>
  "SELECT 'pg_catalog.pg_opfamily'::pg_catalog.regclass::pg_catalog.oid, " +
  `m.${family}, d.refclassid, d.refobjid, d.deptype FROM pg_catalog.pg_depend d ` +
  `JOIN pg_catalog.${catalog} m ON m.oid = d.objid AND d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass ` +
  "WHERE d.deptype NOT IN ('p', 'e', 'i') AND NOT (d.refobjid = m." +
  `${family} AND d.refclassid = 'pg_catalog.pg_opfamily'::pg_catalog.regclass)`;

export const dependencyQuery =
  "SELECT classid, objid, refclassid, refobjid, deptype FROM pg_catalog.pg_depend WHERE deptype NOT IN ('p', 'e') " +
  `UNION ALL ${familyMembers("pg_amop", "amopfamily")} UNION ALL ${familyMembers("pg_amproc", "amprocfamily")} ` +
  "ORDER BY 1, 2";

/**
 * Adds the edges of pg_depend between registered objects, and those of members to their extension.
 * @param rows what {@link dependencyQuery} answered.
 */
export function applyDependencies(rows: readonly Row[], registry: ObjectRegistry, shared: SharedFacts): void {
  const finder = new DependencyFinder(rows, registry, shared);
  for (const row of rows) {
    const object = registry.find(dependent(row));
    if (object === undefined) continue;
    for (const needed of finder.find(referenced(row))) {
      if (needed !== object) object.dependencies.add(needed.dumpId);
    }
  }
  for (const object of registry.all()) {
    for (const needed of finder.extensionAndSchema(object.catalog)) object.dependencies.add(needed.dumpId);
  }
}

/**
 * What stands in the dump for an object that others depend on. Members of extensions are represented by their extension
 * and their schema, and what comes with another object (array types, row types, constructors of ranges) by that object.
 */
class DependencyFinder {
  readonly #registry: ObjectRegistry;
  readonly #shared: SharedFacts;
  readonly #internalOwners = new Map<number, CatalogId>();
  readonly #schemasOfMembers = new Map<number, CatalogId>();

  constructor(rows: readonly Row[], registry: ObjectRegistry, shared: SharedFacts) {
    this.#registry = registry;
    this.#shared = shared;
    for (const row of rows) {
      const id = dependent(row);
      if (row.deptype === "i") this.#internalOwners.set(catalogKey(id), referenced(row));
      else if (Number(row.refclassid) === Catalog.pg_namespace && shared.extensionOf(id.table, id.oid) !== undefined) {
        this.#schemasOfMembers.set(catalogKey(id), referenced(row));
      }
    }
  }

  find(id: CatalogId): readonly DumpObject[] {
    for (let next: CatalogId | undefined = id, steps = 0; next !== undefined && steps < maxInternalOwners; steps++) {
      const object = this.#registry.find(next);
      if (object !== undefined) return [object];
      const found = this.extensionAndSchema(next);
      if (found.length > 0) return found;
      next = this.#internalOwners.get(catalogKey(next));
    }
    return [];
  }

  /** Of a member of an extension; nothing for all others. */
  extensionAndSchema(id: CatalogId): readonly DumpObject[] {
    const extension = this.#shared.extensionOf(id.table, id.oid);
    if (extension === undefined) return [];
    const schema = this.#schemasOfMembers.get(catalogKey(id));
    const ids = [{ table: Catalog.pg_extension, oid: extension.oid }, ...(schema === undefined ? [] : [schema])];
    return ids.flatMap((needed) => this.#registry.find(needed) ?? []);
  }
}

function dependent(row: Row): CatalogId {
  return { table: Number(row.classid), oid: Number(row.objid) };
}

function referenced(row: Row): CatalogId {
  return { table: Number(row.refclassid), oid: Number(row.refobjid) };
}
