import { qualified, quoteConformingLiteral } from "../../sql/quote.ts";
import type { CatalogReader } from "../catalog-reader.ts";
import type { EntryContext } from "../entry-context.ts";
import { groupBy } from "../group-by.ts";
import type { ObjectType, PlannedEntry } from "../object-type.ts";
import { addType, type TypeObject, typeColumns, typeEntries, typeTables } from "./type-object.ts";

interface EnumType extends TypeObject {
  readonly labels: readonly string[];
}

export const enumType: ObjectType<EnumType> = {
  label: "enum type",

  async read(reader: CatalogReader): Promise<EnumType[]> {
    const types = await reader.rows(`SELECT ${typeColumns} FROM ${typeTables} WHERE t.typtype = 'e' ORDER BY t.oid`);
    if (types.length === 0) return [];
    const labels = groupBy(
      await reader.rows("SELECT enumtypid, enumlabel FROM pg_catalog.pg_enum ORDER BY enumtypid, enumsortorder"),
      (row) => row.enumtypid!,
    );
    return types.flatMap(
      (row) =>
        addType<EnumType>(reader, row, { labels: (labels.get(row.oid!) ?? []).map((label) => label.enumlabel!) }) ?? [],
    );
  },

  entries(type: EnumType, context: EntryContext): PlannedEntry[] {
    const labels = type.labels.map((label) => `\n    ${quoteConformingLiteral(label)}`).join(",");
    return typeEntries(type, context, {
      definition: `CREATE TYPE ${qualified(type.schema, type.name)} AS ENUM (${labels}\n);\n`,
    });
  },
};
