import { qualified } from "../sql/quote.ts";
import { argumentTypes } from "./argument-types.ts";
import type { Row } from "./catalog-reader.ts";
import { madeByUsers, simpleObjectType } from "./simple-object.ts";

const contextWords: Readonly<Record<string, string>> = { a: " AS ASSIGNMENT", i: " AS IMPLICIT" };

/** Casts have neither name nor schema nor owner: they are called by their types. */
export const castType = simpleObjectType({
  label: "cast",
  kind: "cast",
  desc: "CAST",
  section: "pre-data",
  pullsFunctions: true,
  query: ({ multiranges }) =>
    "SELECT o.tableoid AS classid, o.oid, s.typname || ' ' || t.typname AS name, NULL AS schema, NULL AS owner, " +
    "pg_catalog.format_type(o.castsource, NULL) AS source, pg_catalog.format_type(o.casttarget, NULL) AS target, " +
    "o.castmethod, o.castcontext, p.proname, pn.nspname AS function_schema, " +
    `${argumentTypes("p")} AS arguments ` +
    "FROM pg_catalog.pg_cast o JOIN pg_catalog.pg_type s ON s.oid = o.castsource " +
    "JOIN pg_catalog.pg_type t ON t.oid = o.casttarget LEFT JOIN pg_catalog.pg_proc p ON p.oid = o.castfunc " +
    `LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace WHERE ${madeByUsers}${multiranges ? ofNoRange : ""} ORDER BY o.oid`,
  identity: types,
  tag: (row) => `CAST ${types(row)}`,
  definition: (row) => `CREATE CAST ${types(row)} ${method(row)}${contextWords[row.castcontext!] ?? ""};\n`,
});

/** From a range to its multirange: that one comes with the type. */
const ofNoRange =
  " AND NOT EXISTS (SELECT FROM pg_catalog.pg_range r WHERE r.rngtypid = o.castsource AND r.rngmultitypid = o.casttarget)";

function types(row: Row): string {
  return `(${row.source} AS ${row.target})`;
}

function method(row: Row): string {
  if (row.castmethod === "b") return "WITHOUT FUNCTION";
  if (row.castmethod === "i") return "WITH INOUT";
  return `WITH FUNCTION ${qualified(row.function_schema!, row.proname!)}(${row.arguments})`;
}
