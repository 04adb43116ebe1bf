import type { Capabilities } from "../capabilities.ts";
import { firstNormalOid } from "./catalog-reader.ts";

/** Constraints say what their indexes are; the server takes longest to print those. */
const isOfConstraint =
  "EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = i.indrelid AND k.conindid = c.oid " +
  "AND k.contype IN ('p', 'u', 'x'))";

/**
 * Indexes of the given tables that are complete. One of a partitioned table may be invalid: it is as long as not every
 * partition has an attached one, and says nothing about its own use.
 * @param tables an SQL array of OIDs.
 */
export function indexQuery(capabilities: Capabilities, tables: string): string {
  const { partitionedIndexes, nullsNotDistinct } = capabilities;
  return `
    SELECT i.indrelid, c.oid, c.relname, c.reloptions, i.indkey, i.indisclustered, i.indisreplident,
      CASE WHEN NOT ${isOfConstraint} THEN
        COALESCE(${plainDefinition(nullsNotDistinct)}, pg_catalog.pg_get_indexdef(c.oid)) END AS definition,
      CASE WHEN c.reltablespace <> 0 THEN
        (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace) END AS spcname,
      ${partitionedIndexes ? "i.indnkeyatts" : "i.indnatts"} AS keycolumns,
      ${nullsNotDistinct ? "i.indnullsnotdistinct" : "false"} AS nullsnotdistinct,
      ${partitionedIndexes ? partitioned : "NULL AS parent"}
    FROM pg_catalog.unnest(${tables}) AS src(oid)
      JOIN pg_catalog.pg_index i ON i.indrelid = src.oid
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
    WHERE (i.indisvalid OR t.relkind = 'p') AND i.indisready
    ORDER BY i.indrelid, c.relname`;
}

/**
 * SQL: what pg_get_indexdef prints for a B-tree over one column with nothing special about it, else NULL. Most indexes are
 * such, and pg_get_indexdef looks through all operator classes for the default one of each column's type, which takes ten
 * times as long as this. Operator classes of users could have parameters, so only the system's are known here. They stand in
 * what is selected, since of a condition the planner makes a join: it would look through them again for each index.
 */
function plainDefinition(nullsNotDistinct: boolean): string {
  return `CASE WHEN c.relkind = 'i' AND i.indnatts = 1 AND i.indexprs IS NULL AND i.indpred IS NULL AND i.indoption[0] = 0
        AND c.reloptions IS NULL${nullsNotDistinct ? " AND NOT i.indnullsnotdistinct" : ""} THEN
      (SELECT CASE WHEN (i.indclass[0], a.atttypid) IN (SELECT o.oid, o.opcintype FROM pg_catalog.pg_opclass o
            WHERE o.opcdefault AND o.opcmethod = ${btree} AND o.oid < ${firstNormalOid}) THEN
          'CREATE ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' ||
          pg_catalog.quote_ident(c.relname) || ' ON ' || pg_catalog.quote_ident(n.nspname) || '.' ||
          pg_catalog.quote_ident(t.relname) || ' USING ' || pg_catalog.quote_ident('btree') || ' (' || pg_catalog.quote_ident(a.attname) || ')' END
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attcollation = i.indcollation[0]) END`;
}

/** OID of the access method btree, the same in every version. */
const btree = 403;

/** Only expressions can have a statistics target of their own. */
const partitioned = `
  CASE WHEN c.relispartition THEN
    (SELECT h.inhparent FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid) END AS parent,
  CASE WHEN i.indexprs IS NOT NULL THEN
    (SELECT pg_catalog.array_agg(a.attnum ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attstattarget >= 0) END AS statisticscolumns,
  CASE WHEN i.indexprs IS NOT NULL THEN
    (SELECT pg_catalog.array_agg(a.attstattarget ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attstattarget >= 0) END AS statisticstargets`;
