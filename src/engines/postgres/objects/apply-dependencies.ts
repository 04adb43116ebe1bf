import { CatalogMap } from "./catalog-map.ts";
import type { CatalogQuestions } from "./catalog-queries.ts";
import { Catalog, type SharedFacts } from "./catalog-reader.ts";
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
  `UNION ALL ${familyMembers("pg_amop", "amopfamily")} UNION ALL ${familyMembers("pg_amproc", "amprocfamily")}`;

/**
 * Edges of pg_depend: classid, objid, refclassid, refobjid and deptype of each. There are twenty for each table, so they
 * stay numbers all the way.
 */
export type Dependencies = Uint32Array;

const numbersOfEdge = 5;
/** deptype i: the dependent comes with what it depends on. */
const internal = "i".charCodeAt(0);

/** Sends the query. */
export function askDependencies({ integers }: CatalogQuestions): Promise<Dependencies> {
  const edges = integers(dependencyQuery, numbersOfEdge);
  // Who waits for it may fail before he comes to it: then nobody wants to know.
  edges.catch(() => {});
  return edges;
}

/** Adds the edges between registered objects, and those of members to their extension. */
export function applyDependencies(dependencies: Dependencies, registry: ObjectRegistry, shared: SharedFacts): void {
  const finder = new DependencyFinder(dependencies, registry, shared);
  for (let edge = 0; edge < dependencies.length; edge += numbersOfEdge) {
    const object = registry.at(dependencies[edge]!, dependencies[edge + 1]!);
    if (object === undefined) continue;
    const needed = registry.at(dependencies[edge + 2]!, dependencies[edge + 3]!);
    if (needed !== undefined) addDependency(object, needed);
    else for (const other of finder.standIns(edge)) addDependency(object, other);
  }
  for (const object of registry.all()) {
    const { table, oid } = object.catalog;
    for (const needed of finder.extensionAndSchema(table, oid)) object.dependencies.add(needed.dumpId);
  }
}

function addDependency(object: DumpObject, needed: DumpObject): void {
  if (needed !== object) object.dependencies.add(needed.dumpId);
}

/**
 * What stands in the dump for an object that others depend on. Members of extensions are represented by their extension
 * and their schema, and what comes with another object (array types, row types, constructors of ranges) by that object.
 */
class DependencyFinder {
  readonly #dependencies: Dependencies;
  readonly #registry: ObjectRegistry;
  readonly #shared: SharedFacts;
  /** By the object that comes with another one: the edge that says so. Made when somebody asks, which few databases need. */
  #internalEdges: CatalogMap<number> | undefined;
  readonly #schemasOfMembers = new CatalogMap<number>();

  constructor(dependencies: Dependencies, registry: ObjectRegistry, shared: SharedFacts) {
    this.#dependencies = dependencies;
    this.#registry = registry;
    this.#shared = shared;
    for (let edge = 0; edge < dependencies.length; edge += numbersOfEdge) {
      if (dependencies[edge + 2] !== Catalog.pg_namespace || dependencies[edge + 4] === internal) continue;
      const table = dependencies[edge]!;
      const oid = dependencies[edge + 1]!;
      if (shared.extensionOf(table, oid) !== undefined) this.#schemasOfMembers.set(table, oid, dependencies[edge + 3]!);
    }
  }

  /** For what the edge leads to, which is not registered itself. */
  standIns(edge: number): readonly DumpObject[] {
    let next: number | undefined = edge;
    for (let steps = 0; next !== undefined && steps < maxInternalOwners; steps++) {
      const table = this.#dependencies[next + 2]!;
      const oid = this.#dependencies[next + 3]!;
      const object = this.#registry.at(table, oid);
      if (object !== undefined) return [object];
      const found = this.extensionAndSchema(table, oid);
      if (found.length > 0) return found;
      this.#internalEdges ??= internalEdges(this.#dependencies);
      next = this.#internalEdges.get(table, oid);
    }
    return [];
  }

  /** Of a member of an extension; nothing for all others. */
  extensionAndSchema(table: number, oid: number): readonly DumpObject[] {
    const extension = this.#shared.extensionOf(table, oid);
    if (extension === undefined) return [];
    const schema = this.#schemasOfMembers.get(table, oid);
    return [
      this.#registry.at(Catalog.pg_extension, extension.oid),
      schema === undefined ? undefined : this.#registry.at(Catalog.pg_namespace, schema),
    ].filter((object) => object !== undefined);
  }
}

function internalEdges(dependencies: Dependencies): CatalogMap<number> {
  const edges = new CatalogMap<number>();
  for (let edge = 0; edge < dependencies.length; edge += numbersOfEdge) {
    if (dependencies[edge + 4] === internal) edges.set(dependencies[edge]!, dependencies[edge + 1]!, edge);
  }
  return edges;
}
