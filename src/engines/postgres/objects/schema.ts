import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { Catalog, type CatalogReader } from "./catalog-reader.ts";
import { commentEntries } from "./comment-entry.ts";
import { allParts, type DumpObject, noParts } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";

interface SchemaObject extends DumpObject {
  readonly kind: "schema";
  readonly owner: string;
}

/** Schemas. `public` exists in every new database: it is only described where it differs from how initdb makes it. */
export const schemaType: ObjectType<SchemaObject> = {
  label: "schema",

  async read(reader: CatalogReader): Promise<SchemaObject[]> {
    const rows = await reader.rows(
      "SELECT oid, nspname, nspowner FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(temp|toast)' ORDER BY oid",
    );
    return rows.map((row) => {
      const oid = Number(row.oid);
      const name = row.nspname!;
      return reader.registry.add<SchemaObject>({
        kind: "schema",
        catalog: { table: Catalog.pg_namespace, oid },
        name,
        schema: null,
        owner: reader.shared.roleName(Number(row.nspowner)),
        parts: isDumped(reader, name, oid) ? allParts : noParts,
      });
    });
  },

  entries(schema: SchemaObject, context: EntryContext): PlannedEntry[] {
    const quoted = quoteIdentifier(schema.name);
    return [
      {
        dumpId: schema.dumpId,
        hadDumper: false,
        catalog: schema.catalog,
        tag: schema.name,
        desc: "SCHEMA",
        section: "pre-data",
        definition: `CREATE SCHEMA ${quoted};\n`,
        drop: `DROP SCHEMA ${quoted};\n`,
        copy: null,
        namespace: null,
        tablespace: null,
        tableAccessMethod: null,
        relkind: "",
        owner: schema.owner,
        dependencies: [],
      },
      ...commentEntries(schema, context, {
        subject: `SCHEMA ${qualified(null, schema.name)}`,
        tag: `SCHEMA ${quoted}`,
        owner: schema.owner,
      }),
    ];
  },
};

function isDumped(reader: CatalogReader, name: string, oid: number): boolean {
  const isSystem = name === "pg_catalog" || name === "information_schema";
  return !isSystem && reader.shared.extensionOf(Catalog.pg_namespace, oid) === undefined;
}
