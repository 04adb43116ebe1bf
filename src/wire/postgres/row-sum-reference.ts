import type { RowTotals } from "../../core/row-totals.ts";
import { formatRowSum } from "../../core/row-totals.ts";
import { xxh3Of128 } from "./xxh3-128-reference.ts";

const LINE_FEED = 0x0a;

/**
 * Totals of COPY text (whole lines, without the line that ends the data) as docs/FORMAT.md defines them: the plain twin
 * of the scanners, for tests and for readers.
 */
export function sumRowsReference(text: Uint8Array): RowTotals {
  let rows = 0;
  let sum = 0n;
  let start = 0;
  for (let end = text.indexOf(LINE_FEED); end >= 0; end = text.indexOf(LINE_FEED, start)) {
    sum += xxh3Of128(text.subarray(start, end));
    rows++;
    start = end + 1;
  }
  return { rows, bytes: start, checksum: formatRowSum(sum) };
}
