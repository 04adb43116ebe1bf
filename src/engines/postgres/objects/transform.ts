import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { argumentTypes } from "./argument-types.ts";
import type { Row } from "./catalog-reader.ts";
import { madeByUsers, simpleObjectType } from "./simple-object.ts";

/** Transforms have neither name nor schema nor owner: they are called by their type and language. */
export const transformType = simpleObjectType({
  label: "transform",
  kind: "transform",
  desc: "TRANSFORM",
  section: "pre-data",
  pullsFunctions: true,
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, t.typname || ' ' || l.lanname AS name, NULL AS schema, NULL AS owner, " +
    "pg_catalog.format_type(o.trftype, NULL) AS type, l.lanname, " +
    "f.proname AS from_name, fn.nspname AS from_schema, s.proname AS to_name, sn.nspname AS to_schema, " +
    `${argumentTypes("f")} AS from_arguments, ${argumentTypes("s")} AS to_arguments ` +
    "FROM pg_catalog.pg_transform o JOIN pg_catalog.pg_type t ON t.oid = o.trftype " +
    "JOIN pg_catalog.pg_language l ON l.oid = o.trflang LEFT JOIN pg_catalog.pg_proc f ON f.oid = o.trffromsql " +
    "LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace " +
    "LEFT JOIN pg_catalog.pg_proc s ON s.oid = o.trftosql LEFT JOIN pg_catalog.pg_namespace sn " +
    `ON sn.oid = s.pronamespace WHERE ${madeByUsers} ORDER BY o.oid`,
  identity: subject,
  tag: (row) => `TRANSFORM ${subject(row)}`,
  definition: (row) => {
    const functions: string[] = [];
    if (row.from_name !== null) {
      functions.push(`FROM SQL WITH FUNCTION ${qualified(row.from_schema!, row.from_name!)}(${row.from_arguments})`);
    }
    if (row.to_name !== null) {
      functions.push(`TO SQL WITH FUNCTION ${qualified(row.to_schema!, row.to_name!)}(${row.to_arguments})`);
    }
    return `CREATE TRANSFORM ${subject(row)} (${functions.join(", ")});\n`;
  },
});

function subject(row: Row): string {
  return `FOR ${row.type} LANGUAGE ${quoteIdentifier(row.lanname!)}`;
}
