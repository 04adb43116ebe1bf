import type { RowDifference, ValueDifference } from "../../../ports/comparison.ts";
import { type BothSides, both } from "./both-sides.ts";
import { withoutLocks } from "./comparison-session.ts";
import type { RowComparison } from "./read-totals.ts";
import { digestSql, type RowPair, type RowText, rowTextSql, valuesSql } from "./row-pair.ts";
import type { RowSource } from "./row-source.ts";
import { toUnicode } from "./to-unicode.ts";

/** Keys are told cut to this many characters, and so are values. */
const longestKey = 200;
const longestValue = 200;
/** Rows whose digests of each side are held in memory at once, about 400 bytes each. */
const mostRowsHeld = 50_000;
/** The first digits of a key's digest sort rows into buckets of about so many. */
const rowsInBucket = 5000;
const fewestDigits = 2;
const mostDigits = 4;

/** Values for people are as their server writes them. */
const plainText: RowText = { floatBits: false, toUtf8: false };

/** What is asked of a table, and how. */
interface Search extends RowComparison {
  readonly pair: RowPair;
  readonly sides: BothSides;
  /** SQL that holds for each statement. */
  readonly settings: string;
  readonly digits: number;
}

/** How the rows that differ are told. */
export interface TellRows extends RowComparison {
  readonly limits: { readonly showValues?: boolean };
}

/**
 * Finds a few of the rows in which the sides differ. Reads the rows of `pair` three times: sums of buckets, the rows of a
 * few buckets that differ, and the columns of the rows that are told.
 * @param rows about how many there are
 */
export async function sampleRows(
  pair: RowPair,
  sides: BothSides,
  how: TellRows,
  limit: number,
  rows: number,
  settings = "",
): Promise<RowDifference[]> {
  const digits = Math.ceil(Math.log2(Math.max(1, rows / rowsInBucket)) / 4);
  const search = { ...how, pair, sides, settings, digits: Math.min(mostDigits, Math.max(fewestDigits, digits)) };
  const buckets = await differingBuckets(search, limit);
  if (buckets.length === 0) return [];
  const samples = (await differencesIn(buckets, search)).slice(0, limit);
  const told = await toldColumns(samples, search, how.limits.showValues === true);
  return samples.map(({ key, on, keyDigest }) => ({
    key: toUnicode(key),
    on,
    columns: [],
    ...told.get(keyDigest),
  }));
}

interface FoundRow {
  readonly key: string;
  readonly keyDigest: string;
  readonly on: RowDifference["on"];
}

/** Both sides' answers to a query that is made for each. */
function askBoth({ pair, sides, settings }: Search, sql: (source: RowSource) => string) {
  return both(
    sides,
    async ({ connection }, name) => (await connection.query(withoutLocks(settings + sql(pair[name])))).rows,
  );
}

/** SQL: `key`, its digest and the row's digest, of every row. Without a key the whole row is the key. */
function digestsSql(source: RowSource, { pair, hash, text }: Search): string {
  const row = rowTextSql(source, pair.columns, text);
  const key = pair.key.length === 0 ? row : rowTextSql(source, pair.key, text);
  return `(select ${key} as key, ${digestSql(key, hash, text)} as key_digest, ${digestSql(row, hash, text)} as row_digest
    from ${source.from} offset 0) as row`;
}

const bucketSql = ({ digits }: Search): string => `substr(key_digest, 1, ${digits})`;

/** So many buckets that differ as rows are wanted: each has one at least. */
async function differingBuckets(search: Search, wanted: number): Promise<string[]> {
  const [high, low] = search.hash.numbers("row_digest");
  const [left, right] = await askBoth(
    search,
    (source) =>
      `select ${bucketSql(search)}, count(*), sum(${high}), sum(${low}) from ${digestsSql(source, search)} group by 1`,
  );
  const sizes = new Map<string, number>();
  const rightByBucket = new Map(right.map((row) => [row[0], row]));
  for (const row of left) {
    const other = rightByBucket.get(row[0]!);
    rightByBucket.delete(row[0]!);
    if (String(row) !== String(other)) sizes.set(row[0]!, Math.max(Number(row[1]), Number(other?.[1] ?? 0)));
  }
  for (const [bucket, row] of rightByBucket) sizes.set(bucket!, Number(row[1]));
  let held = 0;
  const smallest = [...sizes].toSorted(([a, rowsOfA], [b, rowsOfB]) => rowsOfA - rowsOfB || (a < b ? -1 : 1));
  return smallest.slice(0, wanted).flatMap(([bucket, rows]) => {
    held += rows;
    return held <= mostRowsHeld ? [bucket] : [];
  });
}

async function differencesIn(buckets: readonly string[], search: Search): Promise<FoundRow[]> {
  const { pair } = search;
  const list = buckets.map((bucket) => `'${bucket}'`).join(", ");
  const [left, right] = await askBoth(
    search,
    (source) => `select key_digest, row_digest, left(key, ${longestKey}), count(*) from ${digestsSql(source, search)}
      where ${bucketSql(search)} in (${list}) group by 1, 2, 3 order by 1, 2`,
  );
  const rows = new Map<string, { readonly key: string; left: string; right: string }>();
  const add = (side: "left" | "right", [keyDigest, rowDigest, key, count]: readonly (string | null)[]): void => {
    const row = rows.get(keyDigest!) ?? { key: key!, left: "", right: "" };
    row[side] += `${rowDigest} ${count};`;
    rows.set(keyDigest!, row);
  };
  for (const row of left) add("left", row);
  for (const row of right) add("right", row);
  return [...rows].flatMap(([keyDigest, row]) => {
    if (row.left === row.right) return [];
    // Equal rows in another number: the side that has more of them has one that the other has not.
    const isExtra = pair.key.length === 0;
    const on = row.right === "" || (isExtra && countOf(row.left) > countOf(row.right)) ? "left" : "right";
    return [{ key: row.key, keyDigest, on: isExtra || row.left === "" || row.right === "" ? on : "both" }];
  });
}

const countOf = (counted: string): number => Number(/ (\d+);$/.exec(counted)?.[1] ?? 0);

/**
 * What is told of each row, by the digest of its key: the columns that differ where both have it; with values, these and
 * all columns of rows that one side has. Of a table without a key the whole row was told already.
 */
async function toldColumns(
  samples: readonly FoundRow[],
  search: Search,
  showValues: boolean,
): Promise<ReadonlyMap<string, Partial<RowDifference>>> {
  const { pair, hash, text } = search;
  const asked = pair.key.length === 0 ? [] : samples.filter(({ on }) => showValues || on === "both");
  if (asked.length === 0) return new Map();
  const digests = asked.map(({ keyDigest }) => `'${keyDigest}'`).join(", ");
  const [left, right] = await askBoth(search, (source) => {
    const key = digestSql(rowTextSql(source, pair.key, text), hash, text);
    const differing = pair.columns.map((name) => digestSql(rowTextSql(source, [name], text), hash, text));
    const values = showValues ? valuesSql(source, pair.columns, plainText).map(shownSql) : [];
    const columns = [`${key} as key_digest`, ...differing.map((sql, index) => `${sql} as d${index}`)];
    return `select * from (select ${[...columns, ...values].join(", ")} from ${source.from} offset 0) as row
      where key_digest in (${digests})`;
  });
  const [leftRows, rightRows] = [left, right].map((rows) => new Map(rows.map((row) => [row[0]!, row])));
  return new Map(
    asked.map(({ keyDigest }) => {
      const [a, b] = [leftRows!.get(keyDigest), rightRows!.get(keyDigest)];
      const others = [...pair.columns.keys()].filter((index) => a?.[index + 1] !== b?.[index + 1]);
      const isOnBoth = a !== undefined && b !== undefined;
      const told = others.map((index) => toUnicode(pair.columns[index]!));
      const at = (index: number): number => 1 + pair.columns.length + index;
      const values = others.map((index) => valueDifference(pair.columns[index]!, a?.[at(index)], b?.[at(index)]));
      return [keyDigest, { columns: isOnBoth ? told : [], ...(showValues ? { values } : {}) }];
    }),
  );
}

/** SQL: the beginning of a value as text, with a mark where it was cut. */
const shownSql = (value: string, index: number): string =>
  `case when length((${value})::text) > ${longestValue} then left((${value})::text, ${longestValue}) || '...' else (${value})::text end as v${index}`;

function valueDifference(
  column: string,
  left: string | null | undefined,
  right: string | null | undefined,
): ValueDifference {
  return {
    column: toUnicode(column),
    ...(left === undefined ? {} : { left: shown(left) }),
    ...(right === undefined ? {} : { right: shown(right) }),
  };
}

const shown = (text: string | null): string | null => (text === null ? null : toUnicode(text));
