import type { RunQuery } from "../objects/catalog-queries.ts";
import { atPlaces } from "./rows-at-places.ts";
import type { SampledHeap } from "./sampled-heap.ts";

/** Rows that are looked at, evenly over the table. */
const ROWS_LOOKED_AT = 200;
/** Of wider rows the stored size is taken, which is known without reading what was moved out of the table. */
const WIDEST_ROW_READ = 8192;

/** About how many bytes the rows of a table in the sample take as they are dumped. */
export async function estimateBytes(
  { name, rows }: SampledHeap,
  columns: readonly string[],
  run: RunQuery,
): Promise<number> {
  if (rows.count === 0) return 0;
  // A row of no columns is a line.
  if (columns.length === 0) return rows.count;
  const stored = columns.map((column) => `COALESCE(pg_catalog.pg_column_size(t.${column}), 2)`).join(" + ");
  const text = `pg_catalog.octet_length(ROW(${columns.map((column) => `t.${column}`).join(", ")})::pg_catalog.text) - 1`;
  const [found] = await run(
    `SELECT pg_catalog.avg(CASE WHEN ${stored} > ${WIDEST_ROW_READ} THEN ${stored} ELSE ${text} END) AS bytes ` +
      `FROM ${name} AS t WHERE ${atPlaces(placesLookedAt(rows), "t.ctid")}`,
  );
  return Math.round(Number(found!.bytes ?? 0) * rows.count);
}

function placesLookedAt(rows: SampledHeap["rows"]): string[] {
  if (rows.count <= ROWS_LOOKED_AT) return rows.slice(0, rows.count);
  return Array.from({ length: ROWS_LOOKED_AT }, (_, index) => {
    const at = Math.floor((index * rows.count) / ROWS_LOOKED_AT);
    return rows.slice(at, at + 1)[0]!;
  });
}
