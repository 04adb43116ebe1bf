import { Catalog, type CatalogReader } from "./catalog-reader.ts";
import { relationAt } from "./relation/relation.ts";

/**
 * Tables and sequences of extensions whose rows of the user are dumped, by OID, with the condition that picks these rows.
 * Needs the relations.
 */
export function dumpedConfiguration({ shared, selection, registry }: CatalogReader): ReadonlyMap<number, string> {
  const dumped = [...shared.configurationTables].filter(([oid]) => {
    const table = relationAt(registry, oid);
    const extension = shared.extensionOf(Catalog.pg_class, oid);
    if (table === undefined || extension === undefined) return false;
    return selection.configuration({ oid, schema: table.schema }, extension.oid);
  });
  return new Map(dumped);
}
