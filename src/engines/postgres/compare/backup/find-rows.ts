import type { RowDifference, ValueDifference } from "../../../../ports/comparison.ts";
import { type HashedRow, RowLines } from "./row-lines.ts";

/** Rows of COPY's text format, to be read as often as wanted. */
export type ReadRows = (take: (piece: Uint8Array) => void) => Promise<void>;

export interface FindRows {
  readonly left: ReadRows;
  readonly right: ReadRows;
  /** Names of the fields, for people, and which of them make the key; all of them when there is no key. */
  readonly columns: readonly { readonly name: string; readonly isKey: boolean }[];
  readonly hasKey: boolean;
  /** Bytes as text. */
  readonly decode: (binary: string) => string;
  readonly limit: number;
  readonly showValues: boolean;
}

/** Rows are sorted into so many buckets by their key: 12 bytes each and side. */
const bucketCount = 65_536;
/** Lines of each side that are held while they are compared, in bytes; longer lines are not told. */
const mostBytesHeld = 16 * 1024 * 1024;
const longestLine = 1024 * 1024;
/** Rows of a few buckets are held; a bucket with more (equal keys) is not looked into. */
const mostRowsHeld = 50_000;
const longestText = 200;

/**
 * Finds a few rows in which two sides differ, in bounded memory: each side is read twice. The first time rows are summed up
 * by buckets of their keys, the second time those of a few buckets that differ are held and compared byte by byte.
 * @returns the rows, and how many rows each side gave; no rows when those of the buckets are too long to be held
 */
export async function findRows(search: FindRows): Promise<{ rows: RowDifference[]; counted: [number, number] }> {
  const isKey = search.columns.map((column) => column.isKey);
  const [left, right] = [await sumUp(search.left, isKey), await sumUp(search.right, isKey)];
  const buckets = differing(left, right, search.limit);
  const counted: [number, number] = [left.rows, right.rows];
  if (buckets.size === 0) return { rows: [], counted };
  const [leftLines, rightLines] = [await hold(search.left, isKey, buckets), await hold(search.right, isKey, buckets)];
  if (leftLines === undefined || rightLines === undefined) return { rows: [], counted };
  return { rows: comparedLines(leftLines, rightLines, search), counted };
}

interface Buckets {
  rows: number;
  readonly counts: Uint32Array;
  readonly highs: Uint32Array;
  readonly lows: Uint32Array;
}

const zeros = (): Uint32Array => new Uint32Array(bucketCount);

const bucketOf = (row: HashedRow): number => row.key % bucketCount;

async function sumUp(read: ReadRows, isKey: readonly boolean[]): Promise<Buckets> {
  const sums = { rows: 0, counts: zeros(), highs: zeros(), lows: zeros() };
  const lines = new RowLines(isKey, 0, (row) => {
    const bucket = bucketOf(row);
    sums.rows++;
    sums.counts[bucket]! += 1;
    sums.highs[bucket]! += row.high;
    sums.lows[bucket]! += row.low;
  });
  await read((piece) => lines.push(piece));
  return sums;
}

/** So many as rows are wanted: each has one at least. */
function differing(left: Buckets, right: Buckets, wanted: number): Set<number> {
  const found: { bucket: number; rows: number }[] = [];
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const isSame =
      left.counts[bucket] === right.counts[bucket] &&
      left.highs[bucket] === right.highs[bucket] &&
      left.lows[bucket] === right.lows[bucket];
    if (!isSame) found.push({ bucket, rows: Math.max(left.counts[bucket]!, right.counts[bucket]!) });
  }
  let held = 0;
  const smallest = found.toSorted((a, b) => a.rows - b.rows).slice(0, wanted);
  const fitting = smallest.filter(({ rows }) => {
    held += rows;
    return held <= mostRowsHeld;
  });
  return new Set(fitting.map(({ bucket }) => bucket));
}

/** Lines as binary strings; nothing when they are too many bytes. */
async function hold(read: ReadRows, isKey: readonly boolean[], buckets: ReadonlySet<number>) {
  const held: string[] = [];
  let bytes = 0;
  const lines = new RowLines(isKey, longestLine, (row) => {
    if (!buckets.has(bucketOf(row))) return;
    bytes += row.line?.length ?? Infinity;
    if (bytes <= mostBytesHeld) held.push(row.line!.toString("latin1"));
  });
  await read((piece) => lines.push(piece));
  return bytes <= mostBytesHeld ? held : undefined;
}

function comparedLines(left: readonly string[], right: readonly string[], search: FindRows): RowDifference[] {
  const keyOf = (fields: readonly string[]): string => fields.filter((_, at) => search.columns[at]?.isKey).join("\t");
  const rows = new Map<string, { left: string[]; right: string[] }>();
  for (const [side, lines] of [
    ["left", left],
    ["right", right],
  ] as const) {
    for (const line of lines) {
      const key = keyOf(line.split("\t"));
      const row = rows.get(key) ?? { left: [], right: [] };
      row[side].push(line);
      rows.set(key, row);
    }
  }
  const differences: RowDifference[] = [];
  for (const [key, row] of rows) {
    if (row.left.toSorted().join("\n") === row.right.toSorted().join("\n")) continue;
    differences.push(difference(key, row, search));
    if (differences.length === search.limit) break;
  }
  return differences;
}

function difference(key: string, row: { left: string[]; right: string[] }, search: FindRows): RowDifference {
  const { columns, decode, hasKey, showValues } = search;
  const shownKey = `(${key
    .split("\t")
    .map((field) => fieldText(field, decode) ?? "")
    .join(",")})`.slice(0, longestText);
  const more = row.left.length > row.right.length ? "left" : "right";
  const on = hasKey && row.left.length > 0 && row.right.length > 0 ? "both" : more;
  const [a, b] = [row.left[0]?.split("\t"), row.right[0]?.split("\t")];
  const others = hasKey ? [...columns.keys()].filter((at) => a?.[at] !== b?.[at]) : [];
  const values = others.map(
    (at): ValueDifference => ({
      column: columns[at]!.name,
      ...(a === undefined ? {} : { left: shown(a[at], decode) }),
      ...(b === undefined ? {} : { right: shown(b[at], decode) }),
    }),
  );
  return {
    key: shownKey,
    on,
    columns: on === "both" ? others.map((at) => columns[at]!.name) : [],
    ...(showValues ? { values } : {}),
  };
}

function shown(field: string | undefined, decode: FindRows["decode"]): string | null {
  const text = field === undefined ? null : fieldText(field, decode);
  return text !== null && text.length > longestText ? `${text.slice(0, longestText)}...` : text;
}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** A field of COPY's text format; null for NULL. */
function fieldText(field: string, decode: FindRows["decode"]): string | null {
  if (field === "\\N") return null;
  return decode(field.replaceAll(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? letter));
}
