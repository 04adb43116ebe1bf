/** What a scanner knows of a table, or of a part of one. */
export interface RowTotals {
  /** How many rows. */
  readonly rows: number;
  /** Bytes of their COPY text lines, line feeds included. */
  readonly bytes: number;
  /** `rowsum128-v1` (docs/FORMAT.md): 32 lowercase hex digits. */
  readonly checksum: string;
}

/** Totals of nothing. */
export const noRows: RowTotals = { rows: 0, bytes: 0, checksum: "0".repeat(32) };

/** Joins the totals of disjoint parts of one table, in any order: the checksum is a sum modulo 2^128. */
export function joinRowTotals(parts: Iterable<RowTotals>): RowTotals {
  let rows = 0;
  let bytes = 0;
  let sum = 0n;
  for (const part of parts) {
    rows += part.rows;
    bytes += part.bytes;
    sum += BigInt(`0x${part.checksum}`);
  }
  return { rows, bytes, checksum: formatRowSum(sum) };
}

/** A sum of row hashes as it is written: modulo 2^128, big-endian, in 32 lowercase hex digits. */
export function formatRowSum(sum: bigint): string {
  return BigInt.asUintN(128, sum).toString(16).padStart(32, "0");
}
