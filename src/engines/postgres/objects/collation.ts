import { quoteConformingLiteral } from "../sql/quote.ts";
import type { Row } from "./catalog-reader.ts";
import { ofUserSchemas, simpleObjectType } from "./simple-object.ts";

export const collationType = simpleObjectType({
  label: "collation",
  kind: "collation",
  desc: "COLLATION",
  section: "pre-data",
  query: ({ nondeterministicCollations, collationLocaleColumn, icuRules }) =>
    "SELECT o.tableoid AS classid, o.oid, o.collname AS name, n.nspname AS schema, o.collowner AS owner, " +
    "o.collprovider, o.collcollate, o.collctype, " +
    `${nondeterministicCollations ? "o.collisdeterministic" : "true"} AS is_deterministic, ` +
    `${collationLocaleColumn === undefined ? "NULL" : `o.${collationLocaleColumn}`} AS locale, ` +
    `${icuRules ? "o.collicurules" : "NULL"} AS rules ` +
    `FROM pg_catalog.pg_collation o ${ofUserSchemas("o.collnamespace")} ORDER BY o.oid`,
  definition: (row, name) => `CREATE COLLATION ${name} (${collationOptions(row).join(", ")});\n`,
});

const providers: Readonly<Record<string, string>> = { b: "builtin", c: "libc", d: "default", i: "icu" };

/** The version is left out on purpose: the restored server computes its own. */
function collationOptions(row: Row): string[] {
  const { collprovider: provider, collcollate: collate, collctype: ctype } = row;
  const options = [`provider = ${providers[provider!]}`];
  if (row.is_deterministic === "f") options.push("deterministic = false");
  if (provider === "b" || provider === "i") {
    // Before there was a column for it, ICU's locale stood in collcollate.
    options.push(`locale = ${quoteConformingLiteral(row.locale ?? collate ?? "")}`);
  } else if (provider === "c" && collate === ctype) {
    options.push(`locale = ${quoteConformingLiteral(collate ?? "")}`);
  } else if (provider === "c") {
    options.push(`lc_collate = ${quoteConformingLiteral(collate ?? "")}`);
    options.push(`lc_ctype = ${quoteConformingLiteral(ctype ?? "")}`);
  }
  if (row.rules !== null) options.push(`rules = ${quoteConformingLiteral(row.rules!)}`);
  return options;
}
