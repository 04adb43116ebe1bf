import { ofUserSchemas, simpleObjectType } from "../simple-object.ts";

export const textSearchTemplateType = simpleObjectType({
  label: "text search template",
  kind: "text-search-template",
  desc: "TEXT SEARCH TEMPLATE",
  section: "pre-data",
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, o.tmplname AS name, n.nspname AS schema, NULL AS owner, " +
    "o.tmplinit, o.tmpllexize " +
    `FROM pg_catalog.pg_ts_template o ${ofUserSchemas("o.tmplnamespace")} ORDER BY o.oid`,
  definition: (row, name) =>
    `CREATE TEXT SEARCH TEMPLATE ${name} (\n${row.tmplinit === "-" ? "" : `    INIT = ${row.tmplinit},\n`}` +
    `    LEXIZE = ${row.tmpllexize} );\n`,
});
