import { qualified, quoteConformingLiteral } from "../../sql/quote.ts";
import type { EntryContext } from "../entry-context.ts";
import { groupBy } from "../group-by.ts";
import type { ObjectType, PlannedEntry } from "../object-type.ts";
import { addType, type TypeObject, typeColumns, typeEntries, typeTables } from "./type-object.ts";

interface EnumType extends TypeObject {
  readonly labels: readonly string[];
}

export const enumType: ObjectType<EnumType, "types" | "labels"> = {
  label: "enum type",

  queries: () => ({
    types: `SELECT ${typeColumns} FROM ${typeTables} WHERE t.typtype = 'e' ORDER BY t.oid`,
    labels: "SELECT enumtypid, enumlabel FROM pg_catalog.pg_enum ORDER BY enumtypid, enumsortorder",
  }),

  read(reader, { types, labels }): EnumType[] {
    const labelsOf = groupBy(labels, (row) => row.enumtypid!);
    return types.flatMap((row) => {
      const own = (labelsOf.get(row.oid!) ?? []).map((label) => label.enumlabel!);
      return addType<EnumType>(reader, row, { labels: own }) ?? [];
    });
  },

  entries(type: EnumType, context: EntryContext): PlannedEntry[] {
    const labels = type.labels.map((label) => `\n    ${quoteConformingLiteral(label)}`).join(",");
    return typeEntries(type, context, {
      definition: `CREATE TYPE ${qualified(type.schema, type.name)} AS ENUM (${labels}\n);\n`,
    });
  },
};
