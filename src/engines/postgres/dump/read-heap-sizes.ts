import type { DumpSession } from "./dump-session.ts";
import type { EntryWithData } from "./entry-with-data.ts";

/** How large a table is. */
export interface HeapSize {
  /** Of the table itself. */
  readonly pages: number;
  /** With its TOAST table. */
  readonly bytes: number;
}

/**
 * Each connection locks the tables that it may read, and the server's table of locks has a bound. So many are enough to
 * keep all connections busy.
 */
const MAX_TABLES = 500;

/**
 * Sizes of the largest tables that are larger than `largerThan` bytes, by OID. Asks the file system, since what pg_class says may
 * be old, but not for each of thousands of tables that were small when last looked at.
 */
export async function readHeapSizes(
  { rows }: DumpSession,
  entries: readonly EntryWithData[],
  largerThan: number,
): Promise<Map<number, HeapSize>> {
  const oids = entries.flatMap(({ data }) =>
    data?.kind === "copy" && data.ranges !== undefined && !isKnownToBeSmall(data.estimatedBytes, largerThan)
      ? [data.ranges.oid]
      : [],
  );
  if (oids.length === 0) return new Map();
  const sizes = await rows(
    "SELECT oid, pages, bytes FROM (SELECT c.oid, " +
      "pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int8 AS pages, " +
      "pg_catalog.pg_relation_size(c.oid) + COALESCE(pg_catalog.pg_relation_size(NULLIF(c.reltoastrelid, 0)), 0) AS bytes " +
      `FROM pg_catalog.unnest('{${oids.join(",")}}'::pg_catalog.oid[]) AS src(oid) ` +
      `JOIN pg_catalog.pg_class c ON c.oid = src.oid) AS s WHERE pages > 1 AND bytes > ${largerThan} ` +
      `ORDER BY bytes DESC LIMIT ${MAX_TABLES}`,
  );
  return new Map(sizes.map(({ oid, pages, bytes }) => [Number(oid), { pages: Number(pages), bytes: Number(bytes) }]));
}

/** Looked at before, and grown to eight times since then: unlikely, and then it only takes longer. */
function isKnownToBeSmall(estimatedBytes: number, largerThan: number): boolean {
  return estimatedBytes > 0 && estimatedBytes < largerThan / 8;
}
