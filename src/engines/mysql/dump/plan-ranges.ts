import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { DirectoryChunk } from "../directory/directory-index.ts";
import { ofDatabase } from "../objects/of-database.ts";
import type { ColumnFacts, Relation } from "../objects/read-relations.ts";
import { quoteName, quoteText } from "../quote.ts";
import { hasKeyLiteral, isInteger, keyLiteral } from "./key-literal.ts";

/** Rows of a table between two keys. */
export interface KeyRange {
  /** For WHERE; undefined: all rows. */
  readonly condition: string | undefined;
  readonly range: DirectoryChunk["range"];
}

/** So many ranges of about the same number of keys, each with its condition. */
export interface EvenRanges {
  readonly count: number;
  /** @param index of the range */
  condition(index: number): string | undefined;
  /** Of several as one. @param end of the first one behind them */
  between?(index: number, end: number): string | undefined;
}

const whole: KeyRange = { condition: undefined, range: undefined };

/** The server is asked for estimates so many times for each range that is wanted, and then no more. */
const QUESTIONS_PER_RANGE = 4;
const MORE_QUESTIONS = 256;

/** InnoDB doubles its estimates of ranges of more than a few pages, since it has found too few rows so often. */
const OVERESTIMATE = 2;

/**
 * Cuts a table into ranges of its primary key, each of about `rangeBytes` on the server's disk. They are disjoint and
 * complete whatever the keys are, since the first and the last have no end; how evenly rows are spread over them is only a
 * matter of speed. One range for a table without such a key, or with one that is not ordered as it is compared.
 */
export async function planRanges(
  session: MysqlConnection,
  database: string,
  table: Relation,
  rangeBytes: number,
): Promise<readonly KeyRange[]> {
  const wanted = Math.ceil(table.bytes / rangeBytes);
  if (wanted < 2 || table.engine !== "InnoDB" || table.isPartitioned || !table.hasPrimaryKey) return [whole];
  const key = await readKey(session, database, table);
  if (key === undefined) return [whole];
  const rows = Math.max(1, Math.ceil(table.rows / wanted));
  const halved = isInteger(key[0]!) ? (await integerEdges(session, table, key[0]!, rows, wanted)).slice(1, -1) : [];
  if (halved.length + 1 >= wanted / 2)
    return rangesBetween(
      [key[0]!],
      halved.map((value) => [String(value)]),
    );
  // No integers, or estimates that tell nothing, as MySQL's of keys beyond 2^63.
  return rangesBetween(key, await steppedStarts(session, table, key, rows));
}

/** The server is asked for estimates of ranges so large, and those are divided by the values of their keys. */
const ESTIMATED_BYTES = 32 * 1024 * 1024;

/**
 * Cuts a table into many small ranges of its key, when that is an integer. Nothing is kept for each of them: a table of a
 * terabyte has half a million.
 */
export async function planEvenRanges(
  session: MysqlConnection,
  database: string,
  table: Relation,
  rangeBytes: number,
): Promise<EvenRanges> {
  const one: EvenRanges = { count: 1, condition: () => undefined };
  const wanted = Math.ceil(table.bytes / rangeBytes);
  if (wanted < 2 || table.engine !== "InnoDB" || table.isPartitioned || !table.hasPrimaryKey) return one;
  const [first] = (await readKey(session, database, table)) ?? [];
  if (first === undefined || !isInteger(first)) return one;
  const estimated = Math.max(1, Math.ceil(table.bytes / ESTIMATED_BYTES));
  const edges = await integerEdges(session, table, first, Math.ceil(table.rows / estimated), estimated);
  if (edges.length < 2) return one;
  const steps = Math.ceil(wanted / (edges.length - 1));
  const start = (index: number): bigint => {
    const edge = Math.floor(index / steps);
    const [from, to] = [edges[edge]!, edges[edge + 1] ?? edges[edge]!];
    return from + ((to - from) * BigInt(index % steps)) / BigInt(steps);
  };
  const count = (edges.length - 1) * steps;
  const column = quoteName(first.name);
  const between = (index: number, end: number): string | undefined => {
    const bounds = [
      ...(index === 0 ? [] : [`${column} >= ${start(index)}`]),
      ...(end === count ? [] : [`${column} < ${start(end)}`]),
    ];
    return bounds.length === 0 ? undefined : bounds.join(" AND ");
  };
  return { count, condition: (index) => between(index, index + 1), between };
}

/** Columns of the primary key; undefined when one of them is of no use. */
async function readKey(
  session: MysqlConnection,
  database: string,
  table: Relation,
): Promise<readonly ColumnFacts[] | undefined> {
  const rows = await session.rows(
    `SELECT COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS WHERE ${ofDatabase("TABLE_SCHEMA", database)} ` +
      `AND TABLE_NAME = ${quoteText(table.name)} AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX`,
  );
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const columns = rows.map(({ COLUMN_NAME }) => byName.get(COLUMN_NAME ?? ""));
  if (columns.length === 0 || rows.some(({ SUB_PART }) => SUB_PART !== null)) return undefined;
  if (columns.every((column) => column !== undefined && hasKeyLiteral(column))) return columns as ColumnFacts[];
  const [first] = columns;
  return first !== undefined && isInteger(first) ? [first] : undefined;
}

/**
 * The least value of a key, where ranges begin, and one more than the largest value; by halving what holds too many rows by the
 * server's estimate, for which it looks at a few pages each. Empty for an empty table.
 */
async function integerEdges(
  session: MysqlConnection,
  table: Relation,
  { name }: ColumnFacts,
  rows: number,
  wanted: number,
): Promise<bigint[]> {
  const column = quoteName(name);
  const from = `FROM ${quoteName(table.name)} FORCE INDEX (PRIMARY)`;
  const [edges] = await session.rows(`SELECT MIN(${column}) AS least, MAX(${column}) AS most ${from}`);
  if (edges?.least == null || edges.most == null) return [];
  const starts: bigint[] = [];
  let questions = QUESTIONS_PER_RANGE * wanted + MORE_QUESTIONS;
  const estimate = async (least: bigint, below: bigint): Promise<number> => {
    questions--;
    const plan = `EXPLAIN FORMAT=TRADITIONAL SELECT 1 ${from} WHERE ${column} >= ${least} AND ${column} < ${below}`;
    const [row] = await session.rows(plan);
    return Number(row?.rows ?? 0);
  };
  /** From the left to the right, so that starts come in order. */
  const halve = async (least: bigint, below: bigint, held: number): Promise<void> => {
    if (held <= rows * OVERESTIMATE || below - least < 2n || questions <= 0) return;
    const middle = (least + below) / 2n;
    await halve(least, middle, await estimate(least, middle));
    starts.push(middle);
    await halve(middle, below, await estimate(middle, below));
  };
  const [least, below] = [BigInt(edges.least), BigInt(edges.most) + 1n];
  await halve(least, below, wanted > 1 ? Number.POSITIVE_INFINITY : 0);
  return [least, ...starts, below];
}

/** Where ranges begin, by going over the key. It costs the server about a tenth of what reading the rows does. */
async function steppedStarts(
  session: MysqlConnection,
  table: Relation,
  key: readonly ColumnFacts[],
  rows: number,
): Promise<string[][]> {
  const list = key.map(({ name }) => quoteName(name)).join(", ");
  const starts: string[][] = [];
  for (;;) {
    const last = starts.at(-1);
    const where = last === undefined ? "" : ` WHERE ${compared(key, ">", last)}`;
    const { rows: found } = await session.query(
      `SELECT ${list} FROM ${quoteName(table.name)} FORCE INDEX (PRIMARY)${where} ORDER BY ${list} LIMIT 1 OFFSET ${rows}`,
    );
    const [values] = found;
    if (values === undefined) return starts;
    const start = values.map((value, column) => keyLiteral(value!, key[column]!));
    // Of a part of the key, there may be more rows than a range should have.
    if (start.join() === last?.join()) return starts;
    starts.push(start);
  }
}

function rangesBetween(key: readonly ColumnFacts[], starts: readonly (readonly string[])[]): KeyRange[] {
  if (starts.length === 0) return [whole];
  const columns = key.map(({ name }) => name);
  return [undefined, ...starts].map((from, index) => {
    const below = starts[index];
    const conditions = [
      ...(from === undefined ? [] : [compared(key, ">", from)]),
      ...(below === undefined ? [] : [compared(key, "<", below)]),
    ];
    return {
      condition: conditions.join(" AND "),
      range: { columns, ...(from && { from: [...from] }), ...(below && { below: [...below] }) },
    };
  });
}

/**
 * Keys from these values on, or below them. Comparisons of rows are not looked up in indexes everywhere; this ladder is.
 */
function compared(key: readonly ColumnFacts[], than: "<" | ">", values: readonly string[]): string {
  const [name, ...names] = key.map((column) => quoteName(column.name));
  const [value, ...rest] = values;
  if (names.length === 0) return `(${name} ${than === ">" ? ">=" : "<"} ${value})`;
  return `(${name} ${than} ${value} OR (${name} = ${value} AND ${compared(key.slice(1), than, rest)}))`;
}
