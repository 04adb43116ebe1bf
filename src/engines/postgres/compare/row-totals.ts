/** Number and order-free hash of rows: equal for equal multisets. */
export interface RowTotals {
  readonly rows: number;
  /** Sums of hashes modulo 2^128; of all parts of a table they add up. How many there are depends on how rows are hashed. */
  readonly sums: readonly bigint[];
}

export const noTotals: RowTotals = { rows: 0, sums: [] };

export function isSame(a: RowTotals, b: RowTotals): boolean {
  const longest = a.sums.length > b.sums.length ? a.sums : b.sums;
  return a.rows === b.rows && longest.every((_, index) => (a.sums[index] ?? 0n) === (b.sums[index] ?? 0n));
}

export function addTotals(a: RowTotals, b: RowTotals): RowTotals {
  const longest = a.sums.length > b.sums.length ? a.sums : b.sums;
  return {
    rows: a.rows + b.rows,
    sums: longest.map((_, index) => BigInt.asUintN(128, (a.sums[index] ?? 0n) + (b.sums[index] ?? 0n))),
  };
}
