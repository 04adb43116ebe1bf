import type { Capabilities } from "../capabilities.ts";

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
      CASE WHEN NOT ${isOfConstraint} THEN pg_catalog.pg_get_indexdef(c.oid) END AS definition,
      CASE WHEN c.reltablespace <> 0 THEN
        (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace) END AS spcname,
      ${partitionedIndexes ? "i.indnkeyatts" : "i.indnatts"} AS keycolumns,
      ${nullsNotDistinct ? "i.indnullsnotdistinct" : "false"} AS nullsnotdistinct,
      ${partitionedIndexes ? partitioned : "NULL AS parent"}
    FROM pg_catalog.unnest(${tables}) AS src(oid)
      JOIN pg_catalog.pg_index i ON i.indrelid = src.oid
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
    WHERE (i.indisvalid OR t.relkind = 'p') AND i.indisready
    ORDER BY i.indrelid, c.relname`;
}

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
