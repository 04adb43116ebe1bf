import { type DumpSelection, picksObjects, wholeDatabase } from "../../../ports/dump-selection.ts";
import type { SelectedObjects } from "../select/selected-objects.ts";
import { firstNormalOid } from "./catalog-reader.ts";
import { allParts, type DumpParts, noParts } from "./dump-object.ts";

/** Which objects are dumped. The rules are pg_dump's. */
export interface ObjectSelection {
  /** Nothing was picked out: what lies in no schema is dumped, too. */
  readonly isEverything: boolean;
  /** Whether this user's schema was named, so that it must be made, even `public`. */
  isNamedSchema(name: string): boolean;
  /** What is dumped of a schema's contents, and of the schema. */
  contentsOf(schema: string): DumpParts;
  relation(oid: number, schema: string): DumpParts;
  extension(oid: number): boolean;
  /** Whether the rows of a table that is dumped are, or the value of a sequence. */
  data(oid: number): boolean;
  /** Whether the rows of an extension's configuration table are dumped. */
  configuration(table: { readonly oid: number; readonly schema: string }, extension: number): boolean;
  readonly largeObjects: boolean;
  /** Whether the rows of the foreign tables of a server are dumped. */
  foreignData(server: string): boolean;
}

export const privilegesOnly: DumpParts = { definition: false, privileges: true };

/** @param found what the patterns matched; nothing when there are none */
export function objectSelection(selection: DumpSelection, found?: SelectedObjects): ObjectSelection {
  const isEverything = !picksObjects(selection);
  const contentsOf = (schema: string): DumpParts => {
    if (found?.relations !== undefined || found?.excludedSchemas.has(schema) === true) return noParts;
    if (found?.schemas !== undefined) return found.schemas.has(schema) ? allParts : noParts;
    // What was granted on system objects.
    if (schema === "pg_catalog") return privilegesOnly;
    return schema === "information_schema" || schema.startsWith("pg_") ? noParts : allParts;
  };
  // plpgsql as initdb made it is in every database.
  const extension = (oid: number): boolean =>
    oid < firstNormalOid ||
    ((found?.extensions?.has(oid) ?? isEverything) && found?.excludedExtensions.has(oid) !== true);
  return {
    isEverything,
    isNamedSchema: (name) => found?.schemas?.has(name) === true,
    contentsOf,
    relation(oid, schema) {
      if (found?.excludedRelations.has(oid) === true) return noParts;
      if (found?.relations === undefined) return contentsOf(schema);
      return found.relations.has(oid) ? allParts : noParts;
    },
    extension,
    data: (oid) => found?.excludedData.has(oid) !== true,
    configuration({ oid, schema }, extensionOid) {
      const isDumped = extension(extensionOid);
      const isNamed = found?.relations?.has(oid) === true || (!isDumped && contentsOf(schema).definition);
      const isExcluded = found?.excludedRelations.has(oid) === true || found?.excludedSchemas.has(schema) === true;
      return (isDumped || isNamed) && !isExcluded && found?.excludedData.has(oid) !== true;
    },
    foreignData: (server) => found?.foreignServers.has(server) === true,
    largeObjects: selection.largeObjects === true || (isEverything && selection.largeObjects !== false),
  };
}

/** All that a backup holds when nobody says otherwise. */
export const everything: ObjectSelection = objectSelection(wholeDatabase);
