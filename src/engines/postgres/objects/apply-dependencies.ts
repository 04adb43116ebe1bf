import type { CatalogId } from "../archive/toc-entry.ts";
import { catalogKey } from "./catalog-key.ts";
import { askCatalog, type RunQuery } from "./catalog-queries.ts";
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

const dependencyQuery =
  "SELECT classid, objid, refclassid, refobjid, deptype FROM pg_catalog.pg_depend WHERE deptype NOT IN ('p', 'e') " +
  `UNION ALL ${familyMembers("pg_amop", "amopfamily")} UNION ALL ${familyMembers("pg_amproc", "amprocfamily")} ` +
  "ORDER BY 1, 2";

/** Edges of pg_depend. There are twenty for each table, so they are kept as numbers: 17 bytes each. */
export interface Dependencies {
  /** classid, objid, refclassid and refobjid of each. */
  readonly oids: Uint32Array;
  /** 1 where deptype is i: the dependent comes with what it depends on. */
  readonly isInternal: Uint8Array;
}

const oidsOfEdge = 4;

/** Sends the query; what it answers is packed at once. */
export function askDependencies(run: RunQuery): Promise<Dependencies> {
  const packed = askCatalog(run, { rows: dependencyQuery }).then(({ rows }) => packDependencies(rows));
  packed.catch(() => {});
  return packed;
}

function packDependencies(rows: readonly Row[]): Dependencies {
  const oids = new Uint32Array(rows.length * oidsOfEdge);
  const isInternal = new Uint8Array(rows.length);
  for (const [edge, row] of rows.entries()) {
    const at = edge * oidsOfEdge;
    oids[at] = Number(row.classid);
    oids[at + 1] = Number(row.objid);
    oids[at + 2] = Number(row.refclassid);
    oids[at + 3] = Number(row.refobjid);
    if (row.deptype === "i") isInternal[edge] = 1;
  }
  return { oids, isInternal };
}

/** Adds the edges between registered objects, and those of members to their extension. */
export function applyDependencies(dependencies: Dependencies, registry: ObjectRegistry, shared: SharedFacts): void {
  const finder = new DependencyFinder(dependencies, registry, shared);
  for (let edge = 0; edge < dependencies.isInternal.length; edge++) {
    const object = registry.find(dependent(dependencies, edge));
    if (object === undefined) continue;
    for (const needed of finder.find(referenced(dependencies, edge))) {
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

  constructor(dependencies: Dependencies, registry: ObjectRegistry, shared: SharedFacts) {
    this.#registry = registry;
    this.#shared = shared;
    for (let edge = 0; edge < dependencies.isInternal.length; edge++) {
      const id = dependent(dependencies, edge);
      const needed = referenced(dependencies, edge);
      if (dependencies.isInternal[edge] === 1) this.#internalOwners.set(catalogKey(id), needed);
      else if (needed.table === Catalog.pg_namespace && shared.extensionOf(id.table, id.oid) !== undefined) {
        this.#schemasOfMembers.set(catalogKey(id), needed);
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

function dependent({ oids }: Dependencies, edge: number): CatalogId {
  return { table: oids[edge * oidsOfEdge]!, oid: oids[edge * oidsOfEdge + 1]! };
}

function referenced({ oids }: Dependencies, edge: number): CatalogId {
  return { table: oids[edge * oidsOfEdge + 2]!, oid: oids[edge * oidsOfEdge + 3]! };
}
