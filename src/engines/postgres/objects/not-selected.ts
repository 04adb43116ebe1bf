import type { NotIncluded } from "../../../ports/dump.ts";
import { Catalog } from "./catalog-reader.ts";
import type { DumpObject } from "./dump-object.ts";
import type { DatabaseCatalog } from "./read-catalog.ts";
import { allRelations } from "./relation/relation.ts";

/** Names told of each kind. */
const maxExamples = 5;

/**
 * What of the database itself the selection leaves out, as far as it was read to know this: relations, routines, and the
 * rows of tables whose definition is in the backup. Examples are binary strings.
 */
export function notSelected({ registry, shared }: DatabaseCatalog): NotIncluded[] {
  const isLeftOut = ({ parts, schema, catalog }: DumpObject): boolean =>
    !parts.definition && schema !== "pg_catalog" && shared.extensionOf(catalog.table, catalog.oid) === undefined;
  const withData = new Set(
    (["table-data", "sequence-set", "materialized-view-data"] as const)
      .flatMap((kind) => registry.ofKind(kind))
      .map(({ catalog }) => catalog.oid),
  );
  const relations = allRelations(registry);
  const withoutData = relations.filter(
    ({ relkind, parts, catalog }) => relkind === "r" && parts.definition && !withData.has(catalog.oid),
  );
  const routines = [...registry.ofKind("function"), ...registry.ofKind("aggregate")];
  return [
    counted("unselected-relations", relations.filter(isLeftOut), "back up without what selects schemas and tables"),
    counted(
      "unselected-routines",
      routines.filter((routine) => routine.catalog.table === Catalog.pg_proc && isLeftOut(routine)),
      "back up without what selects schemas and tables",
    ),
    counted("unselected-rows", withoutData, "back up without what excludes the data of tables"),
  ].filter(({ count }) => count > 0);
}

function counted(kind: string, objects: readonly DumpObject[], hint: string): NotIncluded {
  const examples = objects.slice(0, maxExamples).map(({ schema, name }) => `${schema}.${name}`);
  return { kind, count: objects.length, examples, hint };
}
