import { ofUserSchemas, simpleObjectType } from "../simple-object.ts";

export const textSearchParserType = simpleObjectType({
  label: "text search parser",
  kind: "text-search-parser",
  desc: "TEXT SEARCH PARSER",
  section: "pre-data",
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, o.prsname AS name, n.nspname AS schema, NULL AS owner, " +
    "o.prsstart, o.prstoken, o.prsend, o.prsheadline, o.prslextype " +
    `FROM pg_catalog.pg_ts_parser o ${ofUserSchemas("o.prsnamespace")} ORDER BY o.oid`,
  definition: (row, name) =>
    `CREATE TEXT SEARCH PARSER ${name} (\n    START = ${row.prsstart},\n    GETTOKEN = ${row.prstoken},\n` +
    `    END = ${row.prsend},\n${row.prsheadline === "-" ? "" : `    HEADLINE = ${row.prsheadline},\n`}` +
    `    LEXTYPES = ${row.prslextype} );\n`,
});
