import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import type { Row } from "../catalog-reader.ts";
import { groupBy } from "../group-by.ts";
import { ofUserSchemas, simpleObjectType } from "../simple-object.ts";

export const textSearchConfigurationType = simpleObjectType({
  label: "text search configuration",
  kind: "text-search-configuration",
  desc: "TEXT SEARCH CONFIGURATION",
  section: "pre-data",
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, o.cfgname AS name, n.nspname AS schema, o.cfgowner AS owner, " +
    "p.prsname, pn.nspname AS parser_schema " +
    `FROM pg_catalog.pg_ts_config o ${ofUserSchemas("o.cfgnamespace")} ` +
    "JOIN pg_catalog.pg_ts_parser p ON p.oid = o.cfgparser " +
    "JOIN pg_catalog.pg_namespace pn ON pn.oid = p.prsnamespace ORDER BY o.oid",
  detailQueries: () => ({
    mappings:
      "SELECT m.mapcfg, t.alias, m.mapdict::pg_catalog.regdictionary AS dictionary " +
      `FROM pg_catalog.pg_ts_config o ${ofUserSchemas("o.cfgnamespace")} ` +
      "JOIN pg_catalog.pg_ts_config_map m ON m.mapcfg = o.oid " +
      "CROSS JOIN LATERAL pg_catalog.ts_token_type(o.cfgparser) t WHERE t.tokid = m.maptokentype " +
      "ORDER BY m.mapcfg, m.maptokentype, m.mapseqno",
  }),
  details: ({ mappings }) => groupBy(mappings, (row) => row.mapcfg!),
  definition: (row, name, mappings) =>
    `CREATE TEXT SEARCH CONFIGURATION ${name} (\n    PARSER = ${qualified(row.parser_schema!, row.prsname!)} );\n` +
    mappingStatements(name, mappings.get(row.oid!) ?? []),
});

/** One statement for each type of token, with its dictionaries in order. */
function mappingStatements(name: string, rows: readonly Row[]): string {
  return [...groupBy(rows, (row) => row.alias!)]
    .map(([token, dictionaries]) => {
      const list = dictionaries.map((row) => row.dictionary).join(", ");
      return `\nALTER TEXT SEARCH CONFIGURATION ${name}\n    ADD MAPPING FOR ${quoteIdentifier(token)} WITH ${list};\n`;
    })
    .join("");
}
