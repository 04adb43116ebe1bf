import { quoteConformingLiteral, quoteIdentifier } from "../../sql/quote.ts";
import type { Row } from "../catalog-reader.ts";
import type { EntryContext } from "../entry-context.ts";
import { groupBy } from "../group-by.ts";
import { objectEntry } from "../object-entry.ts";
import type { PlannedEntry } from "../object-type.ts";
import { madeByUsers, type SimpleObject, simpleObjectType } from "../simple-object.ts";
import { optionsClause } from "./options.ts";

/** Foreign servers, each followed by its user mappings. */
export const foreignServerType = simpleObjectType({
  label: "foreign server",
  kind: "foreign-server",
  desc: "SERVER",
  section: "pre-data",
  privileges: "FOREIGN SERVER",
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, o.srvname AS name, NULL AS schema, o.srvowner AS owner, o.srvacl AS acl, " +
    "pg_catalog.acldefault('S', o.srvowner) AS acldefault, o.srvtype, o.srvversion, o.srvoptions AS options, w.fdwname " +
    "FROM pg_catalog.pg_foreign_server o JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = o.srvfdw " +
    `WHERE ${madeByUsers} ORDER BY o.oid`,
  // The view, not the catalogue, which only superusers may read: it hides options from those who may not see them.
  detailQueries: () => ({
    mappings: "SELECT srvid, usename, umoptions FROM pg_catalog.pg_user_mappings ORDER BY srvid, usename",
  }),
  details: ({ mappings }) => groupBy(mappings, (row) => row.srvid!),
  definition: (row, name) => {
    const type = row.srvtype ? ` TYPE ${quoteConformingLiteral(row.srvtype)}` : "";
    const version = row.srvversion ? ` VERSION ${quoteConformingLiteral(row.srvversion)}` : "";
    const wrapper = ` FOREIGN DATA WRAPPER ${quoteIdentifier(row.fdwname!)}`;
    return `CREATE SERVER ${name}${type}${version}${wrapper}${optionsClause(row.options!)};\n`;
  },
  more: (server, row, mappings, context) =>
    (mappings.get(row.oid!) ?? []).map((mapping) => mappingEntry(server, mapping, context)),
});

function mappingEntry(server: SimpleObject, row: Row, context: EntryContext): PlannedEntry {
  const subject = `USER MAPPING FOR ${quoteIdentifier(row.usename!)} SERVER ${quoteIdentifier(server.name)}`;
  return {
    ...objectEntry(server, {
      desc: "USER MAPPING",
      section: "pre-data",
      owner: server.owner,
      tag: `USER MAPPING ${row.usename} SERVER ${server.name}`,
      definition: `CREATE ${subject}${optionsClause(row.umoptions!)};\n`,
      drop: `DROP ${subject};\n`,
    }),
    dumpId: context.registry.nextDumpId(),
    catalog: { table: 0, oid: 0 },
  };
}
