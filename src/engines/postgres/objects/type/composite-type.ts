import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import { Catalog, type Row } from "../catalog-reader.ts";
import { commentEntry } from "../comment-entry.ts";
import type { EntryContext } from "../entry-context.ts";
import { groupBy } from "../group-by.ts";
import type { ObjectType, PlannedEntry } from "../object-type.ts";
import { addType, type TypeObject, typeColumns, typeEntries, typeTables } from "./type-object.ts";

interface CompositeType extends TypeObject {
  /** Its row in pg_class, which the comments on its columns refer to. */
  readonly relationOid: number;
  readonly attributes: readonly Attribute[];
}

interface Attribute {
  readonly number: number;
  readonly name: string;
  /** Type with modifiers, as the server formats it. */
  readonly type: string;
  /** Qualified name of its collation when that is not the type's own. */
  readonly collation: string | undefined;
}

/** Composite types made by CREATE TYPE; the row types of tables are none of these. */
export const compositeType: ObjectType<CompositeType, "types" | "attributes"> = {
  label: "composite type",

  queries: () => ({
    types:
      `SELECT ${typeColumns}, t.typrelid FROM ${typeTables} ` +
      "JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c' ORDER BY t.oid",
    attributes: attributeQuery,
  }),

  read(reader, { types, attributes }): CompositeType[] {
    const attributesOf = groupBy(attributes, (row) => row.attrelid!);
    return types.flatMap((row) => {
      const type = addType<CompositeType>(reader, row, {
        relationOid: Number(row.typrelid),
        attributes: (attributesOf.get(row.typrelid!) ?? []).map(attributeOf),
      });
      if (type === undefined) return [];
      // pg_depend holds what the columns need as needs of the pg_class row.
      reader.registry.alias({ table: Catalog.pg_class, oid: type.relationOid }, type);
      return [type];
    });
  },

  entries(type: CompositeType, context: EntryContext): PlannedEntry[] {
    const attributes = type.attributes.map((attribute) => {
      const collation = attribute.collation === undefined ? "" : ` COLLATE ${attribute.collation}`;
      return `\n\t${quoteIdentifier(attribute.name)} ${attribute.type}${collation}`;
    });
    return [
      ...typeEntries(type, context, {
        definition: `CREATE TYPE ${qualified(type.schema, type.name)} AS (${attributes.join(",")}\n);\n`,
      }),
      ...(type.parts.definition ? attributeComments(type, context) : []),
    ];
  },
};

const attributeQuery =
  "SELECT a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, " +
  "l.collname, ln.nspname AS collation_schema FROM pg_catalog.pg_attribute a " +
  "JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'c' " +
  "JOIN pg_catalog.pg_type at ON at.oid = a.atttypid " +
  "LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation AND a.attcollation <> at.typcollation " +
  "LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace " +
  "WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum";

function attributeOf(row: Row): Attribute {
  return {
    number: Number(row.attnum),
    name: row.attname!,
    type: row.type!,
    collation: row.collname === null ? undefined : qualified(row.collation_schema!, row.collname!),
  };
}

function attributeComments(type: CompositeType, context: EntryContext): PlannedEntry[] {
  const relation = { table: Catalog.pg_class, oid: type.relationOid };
  return type.attributes.flatMap((attribute) => {
    const text = context.commentOn(relation, attribute.number);
    if (text === undefined) return [];
    const column = quoteIdentifier(attribute.name);
    return commentEntry(type, context, {
      subject: `COLUMN ${qualified(type.schema, type.name)}.${column}`,
      tag: `COLUMN ${quoteIdentifier(type.name)}.${column}`,
      owner: type.owner,
      text,
    });
  });
}
