import { relationAt } from "./relation/relation.ts";
import { madeByUsers, ofUserSchemas, simpleObjectType } from "./simple-object.ts";

/** Extended statistics. */
export const statisticsType = simpleObjectType({
  label: "statistics object",
  kind: "statistics",
  desc: "STATISTICS",
  section: "post-data",
  query: ({ statisticsTargets }) =>
    "SELECT o.tableoid AS classid, o.oid, o.stxname AS name, o.stxrelid AS relation, n.nspname AS schema, o.stxowner AS owner, " +
    `${statisticsTargets ? "o.stxstattarget" : "NULL"} AS target, ` +
    "pg_catalog.pg_get_statisticsobjdef(o.oid) AS definition " +
    `FROM pg_catalog.pg_statistic_ext o ${ofUserSchemas("o.stxnamespace")} WHERE ${madeByUsers} ORDER BY o.oid`,
  isDumped: (row, { registry }) => relationAt(registry, Number(row.relation))?.parts.definition === true,
  definition: (row, name) => {
    // Before 17, -1 was the default.
    const target = row.target === null || row.target === "-1" ? "" : targetStatement(name, row.target!);
    return `${row.definition};\n${target}`;
  },
});

function targetStatement(name: string, target: string): string {
  return `ALTER STATISTICS ${name} SET STATISTICS ${target};\n`;
}
