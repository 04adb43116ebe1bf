import { BackupError } from "../../../core/backup-error.ts";
import type { Row } from "../objects/catalog-reader.ts";

import { quoteIdentifier } from "../sql/quote.ts";
import type { DumpSession } from "./dump-session.ts";
import type { EntryWithData } from "./entry-with-data.ts";
import { KeyRanges } from "./key-ranges.ts";
import type { HeapSize } from "./read-heap-sizes.ts";

/** How a table is read in ranges of a key. */
export interface KeyParts {
  readonly ranges: KeyRanges;
  /** @throws BackupError SERVER when so many rows are not all: the index is damaged. */
  check(rows: number): void;
}

/** Pages that are looked at to learn how the values of a key lie: some ten thousand rows. */
const SAMPLE_PAGES = 500;
/** Of the sample; between each two more are made by dividing. */
const EDGES = 200;
/**
 * How well the order of the key must agree with that of the table: 1 is the same. In a table that lies in another order
 * each range is all over the place, and all of them together read its pages as many times as they have rows.
 */
const LEAST_CORRELATION = 0.9;

interface Key {
  readonly table: number;
  readonly index: string;
  /** Quoted. */
  readonly column: string;
}

/**
 * How tables of servers that cannot scan ranges of `ctid` are read in parts: by ranges of the integer key that begins a unique index and
 * has no NULLs, where the table lies about in its order. By OID; tables that have no such key are not there.
 * @param bytesOfPart of a part, on the server's disk
 */
export async function readKeyParts(
  { rows }: DumpSession,
  entries: readonly EntryWithData[],
  sizes: ReadonlyMap<number, HeapSize>,
  bytesOfPart: number,
): Promise<Map<number, KeyParts>> {
  const parts = new Map<number, KeyParts>();
  if (sizes.size === 0) return parts;
  const keys = Map.groupBy((await rows(keyQuery([...sizes.keys()]))).map(keyOf), (key) => key.table);
  const names = new Map(
    entries.flatMap(({ data }) =>
      data?.kind === "copy" && data.ranges ? [[data.ranges.oid, data.ranges.name] as const] : [],
    ),
  );
  for (const [oid, candidates] of keys) {
    const name = names.get(oid)!;
    for (const key of candidates) {
      const size = sizes.get(oid)!;
      const sample = await rows(sampleQuery(name, key, size.pages));
      const ranges = rangesOf(key, sample, size.bytes / bytesOfPart);
      if (ranges === undefined) continue;
      // The index of a damaged disk or a broken replica finds less than there is, and says nothing.
      const [counted] = await rows(`SELECT pg_catalog.count(ctid) AS rows FROM ${name}`);
      parts.set(oid, { ranges, check: checkOf(Number(counted!.rows), name, key) });
      break;
    }
  }
  return parts;
}

function keyOf(row: Row): Key {
  return { table: Number(row.indrelid), index: row.index!, column: quoteIdentifier(row.attname!) };
}

function rangesOf({ column }: Key, sample: readonly Row[], wanted: number): KeyRanges | undefined {
  if (!(Math.abs(Number(sample[0]?.correlation ?? 0)) >= LEAST_CORRELATION)) return undefined;
  const ranges = new KeyRanges(
    column,
    sample.map(({ bound }) => BigInt(bound!)),
    Math.ceil(wanted),
  );
  return ranges.count > 1 ? ranges : undefined;
}

function checkOf(expected: number, table: string, { index }: Key): (rows: number) => void {
  return (rows) => {
    if (rows === expected) return;
    throw new BackupError({
      code: "SERVER",
      message: `table ${table.replace(/^ONLY /, "")} has ${expected} rows, but its index "${index}" finds ${rows}: the index is damaged`,
      hint: "REINDEX it; or run the backup with --jobs 1, which reads tables without their indexes",
      retry: "never",
    });
  };
}

/** The first columns of whole unique indexes, of primary keys first, then of those with the fewest columns. */
function keyQuery(oids: readonly number[]): string {
  return (
    "SELECT x.indrelid, c.relname AS index, a.attname FROM pg_catalog.pg_index x " +
    "JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid " +
    "JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree' " +
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0] " +
    // Only then are "<" and ">=" the index' own, and it can find what they hold for.
    "JOIN pg_catalog.pg_opclass o ON o.oid = x.indclass[0] AND o.opcdefault " +
    `WHERE x.indrelid = ANY ('{${oids.join(",")}}'::pg_catalog.oid[]) AND x.indisunique AND x.indisvalid AND x.indisready ` +
    "AND x.indpred IS NULL AND a.attnotnull AND a.attnum > 0 " +
    "AND a.atttypid IN ('pg_catalog.int2'::regtype, 'pg_catalog.int4'::regtype, 'pg_catalog.int8'::regtype) " +
    "ORDER BY x.indrelid, NOT x.indisprimary, x.indnatts, x.indexrelid"
  );
}

/**
 * Some values of the key in order: the smallest, about every two-hundredth of a sample, and the largest; and how well the
 * order of the sample agrees with its places in the table. The sample is the same each time.
 */
function sampleQuery(table: string, { column }: Key, pages: number): string {
  const percent = Math.min(100, (100 * SAMPLE_PAGES) / pages);
  return (
    `WITH sample AS (SELECT ${column} AS bound, pg_catalog.row_number() OVER (ORDER BY ${column}) AS place, ` +
    "pg_catalog.count(*) OVER () AS total, (ctid::pg_catalog.text::pg_catalog.point)[0] AS page " +
    `FROM ${table} TABLESAMPLE SYSTEM (${percent}) REPEATABLE (0)), ` +
    "agreed AS (SELECT pg_catalog.corr(place, page) AS correlation FROM sample), " +
    `found AS (SELECT bound FROM sample WHERE place % (total / ${EDGES} + 1) = 0 ` +
    `UNION SELECT pg_catalog.min(${column}) FROM ${table} UNION SELECT pg_catalog.max(${column}) FROM ${table}) ` +
    "SELECT bound, correlation FROM found, agreed WHERE bound IS NOT NULL ORDER BY bound"
  );
}
