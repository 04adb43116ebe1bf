import { type ComparisonSession, withoutLocks } from "./comparison-session.ts";
import type { KeyEdge } from "./key-parts.ts";
import type { RowKey, RowSource } from "./row-source.ts";

export interface KeySample {
  /** Keys at which the second and all later parts begin: ascending, all different. */
  readonly edges: readonly KeyEdge[];
  /** About how many times the table's pages are read when its rows are read in the order of the key, with no cache. */
  readonly amplification: number;
}

/** Pages looked at for each part, and for a table: so many that parts are of about one size. */
const pagesForPart = 8;
const fewestPages = 512;
const mostPages = 16_384;
/** Of a table that was never analyzed. */
const usualRowsOnPage = 60;

/** Looks at some pages of a table all over it. What it says is a matter of speed alone. */
export async function readKeySample(
  { connection }: ComparisonSession,
  source: RowSource,
  key: RowKey,
  parts: number,
): Promise<KeySample> {
  const pages = Math.max(1, source.heap?.pages ?? 1);
  const percent = Math.min(100, (100 * Math.min(mostPages, Math.max(fewestPages, parts * pagesForPart))) / pages);
  const columns = key.map(({ sql }) => sql).join(", ");
  // A name that no column has: ORDER BY means the result's columns first, and texts have another order.
  const texts = key.map(({ sql }, index) => `${sql}::text as "text ${index}"`).join(", ");
  // One or two rows of a page tell enough of it.
  const sql = `select (ctid::text::point)[0]::bigint, ${texts}
    from ${source.from} tablesample system (${percent}) repeatable (0) where (ctid::text::point)[1] <= 2 order by ${columns}`;
  const { rows } = await connection.query(withoutLocks(sql));
  const sample = rows.map(([page, ...edge]) => ({ page: Number(page), edge: edge as string[] }));
  const rowsOnPage = source.estimatedRows > 0 ? source.estimatedRows / pages : usualRowsOnPage;
  return {
    edges: edgesOf(sample, parts),
    amplification: 1 + rowsOnPage * shareOfStrays(sample, parts, pages),
  };
}

interface SampledRow {
  readonly page: number;
  readonly edge: KeyEdge;
}

function edgesOf(sample: readonly SampledRow[], parts: number): KeyEdge[] {
  const edges: KeyEdge[] = [];
  for (let part = 1; part < parts; part++) {
    const edge = sample[Math.floor((sample.length * part) / parts)]?.edge;
    if (edge !== undefined && JSON.stringify(edge) !== JSON.stringify(edges.at(-1))) edges.push(edge);
  }
  return edges;
}

/** Rows that lie far from most others of their part: each costs a page of its own. */
function shareOfStrays(sample: readonly SampledRow[], parts: number, pages: number): number {
  const near = (2 * pages) / parts;
  let strays = 0;
  for (let part = 0; part < parts; part++) {
    const [start, end] = [part, part + 1].map((edge) => Math.floor((sample.length * edge) / parts)) as [number, number];
    const inPart = sample.slice(start, end).map(({ page }) => page);
    const middle = inPart.toSorted((a, b) => a - b)[inPart.length >> 1] ?? 0;
    strays += inPart.filter((page) => Math.abs(page - middle) > near).length;
  }
  return sample.length === 0 ? 0 : strays / sample.length;
}
