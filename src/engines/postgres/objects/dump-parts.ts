import type { CatalogReader } from "./catalog-reader.ts";
import { type DumpParts, definitionOnly, noParts } from "./dump-object.ts";
import { everything, privilegesOnly } from "./object-selection.ts";

/**
 * What of an object of a schema is dumped: what the selection says of the schema's contents, but for members of
 * extensions, of which only changed privileges are.
 */
export function partsOf(reader: CatalogReader, schema: string, catalogTable: number, oid: number): DumpParts {
  return partsOfMember(reader, catalogTable, oid) ?? reader.selection.contentsOf(schema);
}

/** What of a member of an extension is dumped; undefined for all other objects. */
export function partsOfMember(reader: CatalogReader, catalogTable: number, oid: number): DumpParts | undefined {
  const extension = reader.shared.extensionOf(catalogTable, oid);
  if (extension === undefined) return undefined;
  return reader.selection.extension(extension.oid) ? privilegesOnly : noParts;
}

/** Whether an object is a user's own, dumped or not: neither the system's nor a member of an extension. */
export function isUsers(reader: CatalogReader, schema: string | null, catalogTable: number, oid: number): boolean {
  const isMember = reader.shared.extensionOf(catalogTable, oid) !== undefined;
  return !isMember && (schema === null || everything.contentsOf(schema).definition);
}

/** Whether an object is a user's own or a member of an extension: all but the system's. */
export function isUsersOrMember(
  reader: CatalogReader,
  schema: string | null,
  catalogTable: number,
  oid: number,
): boolean {
  return reader.shared.extensionOf(catalogTable, oid) !== undefined || isUsers(reader, schema, catalogTable, oid);
}

/** Parts of an object that comes and goes with another one and has no privileges: an index with its table. */
export function partsWith(owner: { readonly parts: DumpParts }): DumpParts {
  return owner.parts.definition ? definitionOnly : noParts;
}
