import { qualified } from "../../sql/quote.ts";
import { ofUserSchemas, simpleObjectType } from "../simple-object.ts";

export const textSearchDictionaryType = simpleObjectType({
  label: "text search dictionary",
  kind: "text-search-dictionary",
  desc: "TEXT SEARCH DICTIONARY",
  section: "pre-data",
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, o.dictname AS name, n.nspname AS schema, o.dictowner AS owner, " +
    "o.dictinitoption, t.tmplname, tn.nspname AS template_schema " +
    `FROM pg_catalog.pg_ts_dict o ${ofUserSchemas("o.dictnamespace")} ` +
    "JOIN pg_catalog.pg_ts_template t ON t.oid = o.dicttemplate " +
    "JOIN pg_catalog.pg_namespace tn ON tn.oid = t.tmplnamespace ORDER BY o.oid",
  // The server keeps the options as they stand in the statement.
  definition: (row, name) =>
    `CREATE TEXT SEARCH DICTIONARY ${name} (\n    TEMPLATE = ${qualified(row.template_schema!, row.tmplname!)}` +
    `${row.dictinitoption === null ? "" : `,\n    ${row.dictinitoption}`} );\n`,
});
