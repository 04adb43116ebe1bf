import type { DataDifference, RowDifference, ValueDifference } from "../../../ports/comparison.ts";
import { rowValues } from "../../../wire/mysql/exchanges/result-set.ts";
import { shownText, textForPeople } from "../../../wire/net/shown-text.ts";
import { quoteName } from "../quote.ts";
import type { ComparisonSession } from "./comparison-session.ts";
import { keyBytesOf } from "./key-bytes.ts";
import { type RowPair, valuesOf } from "./row-source.ts";
import { bucketOf, RowTotals } from "./row-totals.ts";

/** Rows of each side that are held in memory to be told apart take so many bytes at most; then fewer are looked at. */
const mostBytesHeld = 32 * 1024 * 1024;
/** Keys and values are told cut to this many characters. */
const longestShown = 200;

export interface Sides {
  readonly left: ComparisonSession;
  readonly right: ComparisonSession;
}

/** @returns what differs, undefined when nothing does; and how many rows the left side has */
export async function compareRows(
  pair: RowPair,
  sides: Sides,
  limits: { readonly sampleRows: number; readonly showValues?: boolean },
  onRows: (count: number) => void,
): Promise<{ readonly rows: number; readonly difference?: DataDifference }> {
  const [left, right] = await Promise.all([
    totals(pair, sides, "left", onRows),
    totals(pair, sides, "right", () => {}),
  ]);
  const differing = left.differing(right);
  if (differing.length === 0) return { rows: left.rows };
  const samples = limits.sampleRows === 0 ? [] : await differingRows(pair, sides, new Set(differing), limits);
  const difference = { object: `table ${pair.name}`, leftRows: left.rows, rightRows: right.rows, samples };
  return { rows: left.rows, difference };
}

/** How often it is told how many rows were read. */
const rowsBetween = 10_000;

async function totals(
  pair: RowPair,
  sides: Sides,
  side: "left" | "right",
  onRows: (count: number) => void,
): Promise<RowTotals> {
  const sums = new RowTotals();
  await readRows(pair, sides[side], side, (packet) => {
    sums.add(packet, bucketOf(packet, keyBytesOf(packet, pair.keyLength)));
    if (sums.rows % rowsBetween === 0) onRows(rowsBetween);
  });
  onRows(sums.rows % rowsBetween);
  return sums;
}

/** Bytes come as they are stored: converted, different ones could become the same. */
async function readRows(
  pair: RowPair,
  { connection, database }: ComparisonSession,
  side: "left" | "right",
  onRow: (packet: Buffer) => void,
): Promise<void> {
  await connection.query("SET SESSION character_set_results = 'binary'");
  const from = `${quoteName(database)}.${quoteName(pair[side].name)}`;
  await connection.stream(
    `SELECT ${valuesOf(pair, side)
      .map(({ sql }) => sql)
      .join(", ")} FROM ${from}`,
    {
      row(packet) {
        onRow(packet);
        return undefined;
      },
    },
  );
  await connection.query("SET SESSION character_set_results = 'utf8mb4'");
}

/** Reads the rows once more, holds those of the buckets that differ, and finds some that are on one side only, or changed. */
async function differingRows(
  pair: RowPair,
  sides: Sides,
  buckets: ReadonlySet<number>,
  limits: { readonly sampleRows: number; readonly showValues?: boolean },
): Promise<RowDifference[]> {
  const [left, right] = await Promise.all([
    rowsOf(pair, sides, "left", buckets),
    rowsOf(pair, sides, "right", buckets),
  ]);
  // What one side had no room for may be on the other.
  const isWhole = (bucket: number): boolean => left.has(bucket) && right.has(bucket);
  const found: RowDifference[] = [];
  for (const bucket of buckets) {
    if (!isWhole(bucket)) continue;
    for (const difference of differencesIn(pair, left.get(bucket)!, right.get(bucket)!, limits.showValues === true)) {
      if (found.length === limits.sampleRows) return found;
      found.push(difference);
    }
  }
  return found;
}

type HeldRows = Map<string, Buffer[]>;

/** By bucket, then by key. A bucket for which there is no room is left out. */
async function rowsOf(
  pair: RowPair,
  sides: Sides,
  side: "left" | "right",
  buckets: ReadonlySet<number>,
): Promise<Map<number, HeldRows>> {
  const held = new Map<number, HeldRows>([...buckets].map((bucket) => [bucket, new Map()]));
  let bytes = 0;
  await readRows(pair, sides[side], side, (packet) => {
    const keyBytes = keyBytesOf(packet, pair.keyLength);
    const bucket = bucketOf(packet, keyBytes);
    const rows = held.get(bucket);
    if (rows === undefined) return;
    bytes += packet.length;
    if (bytes > mostBytesHeld) {
      for (const row of [...rows.values()].flat()) bytes -= row.length;
      bytes -= packet.length;
      held.delete(bucket);
      return;
    }
    const key = packet.toString("latin1", 0, keyBytes);
    const same = rows.get(key);
    if (same === undefined) rows.set(key, [Buffer.from(packet)]);
    else same.push(Buffer.from(packet));
  });
  return held;
}

function* differencesIn(pair: RowPair, left: HeldRows, right: HeldRows, showValues: boolean): Generator<RowDifference> {
  const names = valuesOf(pair, "left").map(({ column }) => column);
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const [a = [], b = []] = [left.get(key), right.get(key)];
    if (pair.keyLength > 0 && a.length === 1 && b.length === 1) {
      if (!a[0]!.equals(b[0]!)) yield changedRow(pair, names, a[0]!, b[0]!, showValues);
      continue;
    }
    // Without a key, equal rows in another number: the side that has more of them has one that the other has not.
    if (a.length === b.length) continue;
    const on = a.length > b.length ? "left" : "right";
    const row = (on === "left" ? a : b)[0]!;
    const values = rowValues(row, names.length);
    const told = values.slice(0, pair.columns.length);
    yield {
      key: shownKey(pair.keyLength === 0 ? told : told.slice(0, pair.keyLength)),
      on,
      columns: [],
      ...(showValues
        ? { values: told.map((value, index) => ({ column: names[index]!, [on]: shownValue(value) })) }
        : {}),
    };
  }
}

function changedRow(
  { keyLength }: RowPair,
  names: readonly string[],
  left: Buffer,
  right: Buffer,
  showValues: boolean,
): RowDifference {
  const [a, b] = [rowValues(left, names.length), rowValues(right, names.length)];
  const differing = [...names.keys()].filter((index) => !isSameValue(a[index]!, b[index]!));
  const values = differing.map(
    (index): ValueDifference => ({
      column: names[index]!,
      left: shownValue(a[index]!),
      right: shownValue(b[index]!),
    }),
  );
  return {
    key: shownKey(a.slice(0, keyLength)),
    on: "both",
    columns: [...new Set(differing.map((index) => names[index]!))],
    ...(showValues ? { values } : {}),
  };
}

function isSameValue(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

function shownKey(values: readonly (Buffer | null)[]): string {
  return cut(`(${values.map((value) => (value === null ? "" : textForPeople(value))).join(",")})`);
}

function shownValue(value: Buffer | null): string | null {
  return value === null ? null : cut(textForPeople(value.subarray(0, longestShown * 4 + 4)));
}

function cut(text: string): string {
  const short = text.length > longestShown ? `${text.slice(0, longestShown)}...` : text;
  return shownText(short);
}
