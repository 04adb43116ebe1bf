import type { CatalogReader } from "./catalog-reader.ts";
import { allParts, type DumpParts, noParts } from "./dump-object.ts";

const privilegesOnly: DumpParts = { definition: false, privileges: true };

/**
 * What of an object is dumped: everything of a user's own, changed privileges of members of extensions and of what
 * lies in pg_catalog, nothing of information_schema and of temporary and TOAST schemas.
 */
export function partsOf(reader: CatalogReader, schema: string | null, catalogTable: number, oid: number): DumpParts {
  if (reader.shared.isUserObject(schema, catalogTable, oid)) return allParts;
  const isMember = reader.shared.extensionOf(catalogTable, oid) !== undefined;
  return isMember || schema === "pg_catalog" ? privilegesOnly : noParts;
}

/** Parts of an object that comes and goes with another one and has no privileges: an index with its table. */
export function partsWith(owner: { readonly parts: DumpParts }): DumpParts {
  return owner.parts.definition ? { definition: true, privileges: false } : noParts;
}
