import { quoteConformingLiteral } from "../sql/quote.ts";
import { ofUserSchemas, simpleObjectType } from "./simple-object.ts";

/** Conversions between encodings. */
export const conversionType = simpleObjectType({
  label: "conversion",
  kind: "conversion",
  desc: "CONVERSION",
  section: "pre-data",
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, o.conname AS name, n.nspname AS schema, o.conowner AS owner, " +
    "pg_catalog.pg_encoding_to_char(o.conforencoding) AS source, " +
    "pg_catalog.pg_encoding_to_char(o.contoencoding) AS target, o.conproc, o.condefault " +
    `FROM pg_catalog.pg_conversion o ${ofUserSchemas("o.connamespace")} ORDER BY o.oid`,
  definition: (row, name) =>
    `CREATE ${row.condefault === "t" ? "DEFAULT " : ""}CONVERSION ${name} FOR ${quoteConformingLiteral(row.source!)} ` +
    `TO ${quoteConformingLiteral(row.target!)} FROM ${row.conproc};\n`,
});
