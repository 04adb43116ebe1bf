import { parseTextArray } from "../../sql/pg-array.ts";
import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import { Catalog, type CatalogReader, type Row } from "../catalog-reader.ts";
import type { DumpObject } from "../dump-object.ts";
import { partsWith } from "../dump-parts.ts";
import { objectEntry } from "../object-entry.ts";
import type { ObjectType, PlannedEntry } from "../object-type.ts";
import { relationAt } from "../relation/relation.ts";

/** A table, or all tables of a schema, in a publication. It goes away with either: nothing drops it. */
interface PublicationMember extends DumpObject {
  readonly owner: string;
  readonly publication: string;
  readonly definition: string;
}

export const publicationTableType: ObjectType<PublicationMember> = {
  label: "table of a publication",

  queries(capabilities) {
    const filters = capabilities.publicationFilters;
    return {
      rows:
        "SELECT r.tableoid AS classid, r.oid, r.prrelid AS table_oid, p.oid AS publication_oid, p.pubname, p.pubowner, " +
        "c.relname AS name, n.nspname AS schema, " +
        `${filters ? "pg_catalog.pg_get_expr(r.prqual, r.prrelid)" : "NULL"} AS filter, ` +
        `${filters ? `CASE WHEN r.prattrs IS NOT NULL THEN ${attributeNames} END` : "NULL"} AS columns ` +
        "FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid " +
        "JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
        "ORDER BY r.oid",
    };
  },

  read(reader, { rows }): PublicationMember[] {
    return rows
      .filter((row) => relationAt(reader.registry, Number(row.table_oid))?.parts.definition === true)
      .flatMap((row) => {
        const columns =
          row.columns === null ? "" : ` (${parseTextArray(row.columns!).map(quoteIdentifier).join(", ")})`;
        const filter = row.filter === null ? "" : ` WHERE (${row.filter})`;
        const member = `TABLE ONLY ${qualified(row.schema!, row.name!)}${columns}${filter}`;
        return addMember(reader, row, "publication-table", member);
      });
  },

  entries: (member) => memberEntry(member, "PUBLICATION TABLE"),
};

export const publicationSchemaType: ObjectType<PublicationMember> = {
  label: "schema of a publication",

  queries: (capabilities) => ({
    rows: !capabilities.publicationSchemas
      ? undefined
      : "SELECT s.tableoid AS classid, s.oid, p.oid AS publication_oid, p.pubname, p.pubowner, " +
        "n.nspname AS name, n.nspname AS schema " +
        "FROM pg_catalog.pg_publication_namespace s JOIN pg_catalog.pg_publication p ON p.oid = s.pnpubid " +
        "JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid ORDER BY s.oid",
  }),

  read(reader, { rows }): PublicationMember[] {
    return rows
      .filter((row) => reader.selection.contentsOf(row.name!).definition)
      .flatMap((row) => addMember(reader, row, "publication-schema", `TABLES IN SCHEMA ${quoteIdentifier(row.name!)}`));
  },

  entries: (member) => memberEntry(member, "PUBLICATION TABLES IN SCHEMA"),
};

const attributeNames =
  "ARRAY(SELECT a.attname FROM pg_catalog.unnest(r.prattrs::pg_catalog.int2[]) WITH ORDINALITY AS i (number, place) " +
  "JOIN pg_catalog.pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = i.number ORDER BY i.place)";

function addMember(
  reader: CatalogReader,
  row: Row,
  kind: "publication-table" | "publication-schema",
  member: string,
): PublicationMember[] {
  const publication = reader.registry.find({ table: Catalog.pg_publication, oid: Number(row.publication_oid) });
  if (publication === undefined) return [];
  return [
    reader.registry.add<PublicationMember>({
      kind,
      catalog: { table: Number(row.classid), oid: Number(row.oid) },
      name: row.name!,
      schema: row.schema!,
      parts: partsWith(publication),
      tieBreak: [row.pubname!],
      owner: reader.shared.roleName(Number(row.pubowner)),
      publication: row.pubname!,
      definition: `ALTER PUBLICATION ${quoteIdentifier(row.pubname!)} ADD ${member};\n`,
    }),
  ];
}

function memberEntry(member: PublicationMember, desc: string): PlannedEntry[] {
  return [
    objectEntry(member, {
      desc,
      section: "post-data",
      owner: member.owner,
      tag: `${member.publication} ${member.name}`,
      definition: member.definition,
    }),
  ];
}
