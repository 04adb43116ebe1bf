import { type BothSides, both } from "./both-sides.ts";
import { type ComparisonSession, withoutLocks } from "./comparison-session.ts";
import { type KeyEdge, KeyParts } from "./key-parts.ts";
import { readKeySample } from "./key-sample.ts";
import type { RowPair } from "./row-pair.ts";
import type { RowSource } from "./row-source.ts";

/** What of a table is read at once: SQL that stands behind FROM, on the sides that have such a part. */
export interface TablePart {
  readonly left?: string;
  readonly right?: string;
}

/**
 * How a table is read. By `key`, the same range on both sides, and each part must be equal by itself; by `place`, each
 * side as its rows lie, and only all parts together say something.
 */
export interface TableParts {
  readonly by: "key" | "place";
  readonly parts: readonly TablePart[];
  /** Of parts by key: values of the key at which the second and all later parts begin. */
  readonly edges: readonly KeyEdge[];
}

/** SQL: for one statement, a range of the key by its index. A scan of the whole table for each would take for ever. */
export const byIndex = "set local enable_seqscan = off;";

/** SQL: for one statement, a scan of the table, whatever its indexes say. */
export const withoutIndex =
  "set local enable_indexscan = off; set local enable_indexonlyscan = off; set local enable_bitmapscan = off;";
/** The edges of all parts of a table are held, and sent in one statement. */
const mostParts = 16_384;
/** From here on the server finds pages by number without reading those before them. */
const pageRangesSince = 14;
/** Reading by index is given up when it would read more than so many times the table's pages. */
const mostAmplification = 2;

/**
 * Cuts a large table into parts of about `size` bytes. By key where both sides hold rows about in its order: each part is then
 * read once from disk, is compared at once, and a difference is looked for in it alone. Where they do not (a random UUID)
 * reading by key would fetch every page many times: pages are read in their order.
 */
export async function cutTable(pair: RowPair, sides: BothSides, size: number): Promise<TableParts> {
  const bytes = Math.max(pair.left.bytes, pair.right.bytes);
  const wanted = Math.min(mostParts, Math.ceil(bytes / size));
  if (wanted < 2) return wholeTable(pair);
  return (await cutByKey(pair, sides, wanted)) ?? cutByPlace(pair, sides, wanted);
}

export function wholeTable({ left, right }: RowPair): TableParts {
  return { by: "place", parts: [{ left: left.from, right: right.from }], edges: [] };
}

async function cutByKey(pair: RowPair, sides: BothSides, wanted: number): Promise<TableParts | undefined> {
  const key = pair.orderedKey;
  if (key === undefined || pair.left.heap === undefined || pair.right.heap === undefined) return undefined;
  const [left, right] = await both(sides, (side, name) => readKeySample(side, pair[name], key, wanted));
  if (Math.max(left.amplification, right.amplification) > mostAmplification) return undefined;
  return await partsByKey(pair, sides, left.edges);
}

/** Parts between these edges; nothing when a side would not have them in this order. */
export async function partsByKey(
  pair: RowPair,
  sides: BothSides,
  edges: readonly KeyEdge[],
): Promise<TableParts | undefined> {
  const key = pair.orderedKey;
  if (key === undefined || edges.length === 0) return undefined;
  const ranges = new KeyParts(key, edges);
  const answers = await both(sides, ({ connection }) => connection.query(ranges.orderSql()));
  if (answers.some(({ rows }) => rows[0]![0] !== "0")) return undefined;
  const parts = Array.from({ length: ranges.count }, (_, index) => {
    const condition = ranges.condition(index);
    return { left: `${pair.left.from} where ${condition}`, right: `${pair.right.from} where ${condition}` };
  });
  return { by: "key", parts, edges };
}

function cutByPlace(pair: RowPair, { left, right }: BothSides, wanted: number): TableParts {
  const ofLeft = placesOf(pair.left, left, wanted);
  const ofRight = placesOf(pair.right, right, wanted);
  const parts = Array.from({ length: Math.max(ofLeft.length, ofRight.length) }, (_, index) => ({
    ...(ofLeft[index] === undefined ? {} : { left: ofLeft[index] }),
    ...(ofRight[index] === undefined ? {} : { right: ofRight[index] }),
  }));
  return { by: "place", parts, edges: [] };
}

/** Together they hold each row once: of one snapshot, a row version has one place. */
function placesOf(source: RowSource, { major }: ComparisonSession, wanted: number): string[] {
  const { heap, from, leaves } = source;
  if (leaves.length > 0) return [...leaves];
  if (heap === undefined || major < pageRangesSince || heap.pages < 2) return [from];
  const count = Math.min(wanted, heap.pages);
  const start = (part: number): string => `'(${Math.floor((heap.pages * part) / count)},0)'`;
  return Array.from({ length: count }, (_, part) => {
    const conditions = [
      ...(part === 0 ? [] : [`ctid >= ${start(part)}`]),
      // The last one has no end: what was added since the size was read is in it.
      ...(part === count - 1 ? [] : [`ctid < ${start(part + 1)}`]),
    ];
    return `${from} where ${conditions.join(" and ")}`;
  });
}

/** @param from SQL that stands behind FROM */
export async function countRows({ connection }: ComparisonSession, from: string, settings: string): Promise<number> {
  const { rows } = await connection.query(withoutLocks(`${settings} select count(*) from ${from}`));
  return Number(rows[0]![0]);
}
