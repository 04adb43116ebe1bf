import type { RowDifference } from "../../../ports/comparison.ts";
import type { RowComparison } from "./compare-rows.ts";
import { type ComparisonSession, withoutLocks } from "./comparison-session.ts";
import { digestSql, type RowPair, rowTextSql } from "./row-pair.ts";
import type { RowSource } from "./row-source.ts";
import { toUnicode } from "./to-unicode.ts";

/** Keys are told cut to this many bytes. */
const longestKey = 200;
/** A bucket with more rows than this is not looked into: they would all be held in memory. */
const maxBucketRows = 50_000;
/** Two hexadecimal digits of the key's digest sort the rows into 256 buckets; only differing ones are looked into. */
const bucketSql = "substr(key_digest, 1, 2)";

/** Finds a few of the rows in which the sides differ. Reads the table two or three times more. */
export async function sampleRows(pair: RowPair, how: RowComparison, limit: number): Promise<RowDifference[]> {
  const found: FoundRow[] = [];
  for (const bucket of await differingBuckets(pair, how)) {
    found.push(...(await differencesIn(bucket, pair, how)));
    if (found.length >= limit) break;
  }
  const samples = found.slice(0, limit);
  const columns = await differingColumns(samples, pair, how);
  return samples.map(({ key, on, keyDigest }) => ({
    key: toUnicode(key),
    on,
    columns: (columns.get(keyDigest) ?? []).map(toUnicode),
  }));
}

interface FoundRow {
  readonly key: string;
  readonly keyDigest: string;
  readonly on: RowDifference["on"];
}

/** Both sides' answers to a query that is made for each. */
async function askBoth(
  pair: RowPair,
  { left, right }: RowComparison,
  sql: (source: RowSource) => string,
): Promise<readonly (readonly (readonly (string | null)[])[])[]> {
  const ask = async ({ connection }: ComparisonSession, source: RowSource) =>
    (await connection.query(withoutLocks(sql(source)))).rows;
  return Promise.all([ask(left, pair.left), ask(right, pair.right)]);
}

/** SQL: `key`, its digest and the row's digest, of every row. Without a primary key the whole row is the key. */
function digestsSql(source: RowSource, pair: RowPair, { hash, text }: RowComparison): string {
  const row = rowTextSql(source, pair.columns, text);
  const key = pair.key.length === 0 ? row : rowTextSql(source, pair.key, text);
  return `(select ${key} as key, ${digestSql(key, hash, text)} as key_digest, ${digestSql(row, hash, text)} as row_digest
    from ${source.from} offset 0) as row`;
}

async function differingBuckets(pair: RowPair, how: RowComparison): Promise<string[]> {
  const [high, low] = how.hash.numbers("row_digest");
  const [left = [], right = []] = await askBoth(
    pair,
    how,
    (source) =>
      `select ${bucketSql}, count(*), sum(${high}), sum(${low}) from ${digestsSql(source, pair, how)} group by 1`,
  );
  const rightByBucket = new Map(right.map((row) => [row[0], row]));
  const differing = new Set<string>();
  for (const row of left) {
    const other = rightByBucket.get(row[0]!);
    rightByBucket.delete(row[0]!);
    const isSmall = Math.max(Number(row[1]), Number(other?.[1] ?? 0)) <= maxBucketRows;
    if (isSmall && String(row) !== String(other)) differing.add(row[0]!);
  }
  for (const [bucket, row] of rightByBucket) if (Number(row[1]) <= maxBucketRows) differing.add(bucket!);
  return [...differing].toSorted();
}

async function differencesIn(bucket: string, pair: RowPair, how: RowComparison): Promise<FoundRow[]> {
  const [left = [], right = []] = await askBoth(
    pair,
    how,
    (source) => `select key_digest, row_digest, left(key, ${longestKey}), count(*) from ${digestsSql(source, pair, how)}
      where ${bucketSql} = '${bucket}' group by 1, 2, 3 order by 1, 2`,
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

/** Names of the columns that differ, by the digest of the key, for rows that both sides have. */
async function differingColumns(
  samples: readonly FoundRow[],
  pair: RowPair,
  how: RowComparison,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const keys = samples.filter(({ on }) => on === "both").map(({ keyDigest }) => `'${keyDigest}'`);
  if (keys.length === 0) return new Map();
  const [left = [], right = []] = await askBoth(pair, how, (source) => {
    const key = digestSql(rowTextSql(source, pair.key, how.text), how.hash, how.text);
    const values = pair.columns.map((name) => digestSql(rowTextSql(source, [name], how.text), how.hash, how.text));
    return `select * from (select ${[`${key} as key_digest`, ...values].join(", ")} from ${source.from} offset 0) as row
      where key_digest in (${keys.join(", ")})`;
  });
  const rightByKey = new Map(right.map((row) => [row[0], row]));
  return new Map(
    left.map((row) => {
      const other = rightByKey.get(row[0]!);
      return [row[0]!, pair.columns.filter((_, index) => row[index + 1] !== other?.[index + 1])];
    }),
  );
}
