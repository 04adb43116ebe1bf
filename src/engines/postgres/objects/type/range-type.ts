import { qualified } from "../../sql/quote.ts";
import type { Row } from "../catalog-reader.ts";
import type { EntryContext } from "../entry-context.ts";
import type { ObjectType, PlannedEntry } from "../object-type.ts";
import { addType, type TypeObject, typeColumns, typeEntries, typeTables } from "./type-object.ts";

interface RangeType extends TypeObject {
  /** `name = value` of CREATE TYPE ... AS RANGE, in order. */
  readonly options: readonly string[];
}

export const rangeType: ObjectType<RangeType> = {
  label: "range type",

  queries(capabilities) {
    const multirange = capabilities.multiranges
      ? "pg_catalog.format_type(r.rngmultitypid, NULL)"
      : "NULL::pg_catalog.text";
    return {
      rows:
        `SELECT ${typeColumns}, pg_catalog.format_type(r.rngsubtype, NULL) AS subtype, ${multirange} AS multirange, ` +
        "o.opcname, opn.nspname AS opclass_schema, o.opcdefault, l.collname, ln.nspname AS collation_schema, " +
        "r.rngcanonical, r.rngsubdiff " +
        `FROM ${typeTables} JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid ` +
        "JOIN pg_catalog.pg_type st ON st.oid = r.rngsubtype JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc " +
        "JOIN pg_catalog.pg_namespace opn ON opn.oid = o.opcnamespace " +
        "LEFT JOIN pg_catalog.pg_collation l ON l.oid = r.rngcollation AND r.rngcollation <> st.typcollation " +
        "LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace ORDER BY t.oid",
    };
  },

  read(reader, { rows }): RangeType[] {
    return rows.flatMap(
      (row) => addType<RangeType>(reader, row, { options: optionsOf(row), mayNeedShell: true }) ?? [],
    );
  },

  entries(type: RangeType, context: EntryContext): PlannedEntry[] {
    const options = type.options.map((option) => `\n    ${option}`).join(",");
    return typeEntries(type, context, {
      definition: `CREATE TYPE ${qualified(type.schema, type.name)} AS RANGE (${options}\n);\n`,
    });
  },
};

function optionsOf(row: Row): string[] {
  const options = [`subtype = ${row.subtype}`];
  if (row.multirange !== null) options.push(`multirange_type_name = ${row.multirange}`);
  if (row.opcdefault !== "t") options.push(`subtype_opclass = ${qualified(row.opclass_schema!, row.opcname!)}`);
  if (row.collname !== null) options.push(`collation = ${qualified(row.collation_schema!, row.collname!)}`);
  // regproc text is quoted and qualified already; "-" is none.
  if (row.rngcanonical !== "-") options.push(`canonical = ${row.rngcanonical}`);
  if (row.rngsubdiff !== "-") options.push(`subtype_diff = ${row.rngsubdiff}`);
  return options;
}
