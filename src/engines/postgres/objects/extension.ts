import { quoteIdentifier } from "../sql/quote.ts";
import { Catalog, firstNormalOid } from "./catalog-reader.ts";
import { descriptionEntries } from "./description-entries.ts";
import { allParts, type DumpObject, noParts } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";

interface Extension extends DumpObject {
  readonly kind: "extension";
  /** Schema of its members; the extension itself lies in none. */
  readonly memberSchema: string;
}

/** Extensions. Their members come with them: only changed privileges on members and data of theirs are in the dump. */
export const extensionType: ObjectType<Extension> = {
  label: "extension",

  queries: () => ({
    rows:
      "SELECT e.oid, e.extname, n.nspname FROM pg_catalog.pg_extension e " +
      "JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace ORDER BY e.oid",
  }),

  read(reader, { rows }): Extension[] {
    return rows.map((row) => {
      const oid = Number(row.oid);
      return reader.registry.add<Extension>({
        kind: "extension",
        catalog: { table: Catalog.pg_extension, oid },
        name: row.extname!,
        schema: null,
        memberSchema: row.nspname!,
        // plpgsql as initdb made it is in every database.
        parts: oid >= firstNormalOid && reader.selection.extension(oid) ? allParts : noParts,
      });
    });
  },

  entries(extension: Extension, context: EntryContext): PlannedEntry[] {
    const name = quoteIdentifier(extension.name);
    return [
      objectEntry(extension, {
        desc: "EXTENSION",
        section: "pre-data",
        owner: null,
        // No version: the target's own default is what its files can install.
        definition: `CREATE EXTENSION IF NOT EXISTS ${name} WITH SCHEMA ${quoteIdentifier(extension.memberSchema)};\n`,
        drop: `DROP EXTENSION ${name};\n`,
      }),
      ...descriptionEntries(extension, context, { subject: `EXTENSION ${name}`, tag: `EXTENSION ${name}`, owner: "" }),
    ];
  },
};
