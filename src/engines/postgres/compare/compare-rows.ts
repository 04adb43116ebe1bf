import { type ComparisonSession, withoutLocks } from "./comparison-session.ts";
import type { RowHash } from "./row-hash.ts";
import { digestSql, type RowPair, type RowText, rowTextSql } from "./row-pair.ts";
import type { RowSource } from "./row-source.ts";

/** Number and order-free hash of rows: equal for equal multisets. */
export interface RowTotals {
  readonly rows: number;
  readonly hash: string;
}

/** Both sides and what was agreed between them. */
export interface RowComparison {
  readonly left: ComparisonSession;
  readonly right: ComparisonSession;
  readonly hash: RowHash;
  readonly text: RowText;
}

/** Counts and hashes all rows on both servers at the same time; only the sums travel. */
export async function rowTotals(
  pair: RowPair,
  how: RowComparison,
): Promise<readonly [left: RowTotals, right: RowTotals]> {
  const totalsOf = async ({ connection }: ComparisonSession, source: RowSource): Promise<RowTotals> => {
    const { rows } = await connection.query(withoutLocks(totalsSql(source, pair, how)));
    const [count, high, low] = rows[0]!;
    return { rows: Number(count), hash: `${high}:${low}` };
  };
  return Promise.all([totalsOf(how.left, pair.left), totalsOf(how.right, pair.right)]);
}

function totalsSql(source: RowSource, { columns }: RowPair, { hash, text }: RowComparison): string {
  const digest = digestSql(rowTextSql(source, columns, text), hash, text);
  const [high, low] = hash.numbers("digest");
  // OFFSET 0 keeps the planner from computing the digest once for each sum.
  return `select count(*), sum(${high}), sum(${low}) from (select ${digest} as digest from ${source.from} offset 0) as row`;
}
