import type { ComparisonSession } from "./comparison-session.ts";
import type { RowHash } from "./row-hash.ts";
import type { KeyColumn, RowColumn, RowKey, RowSource } from "./row-source.ts";

/** The same table on both sides, and how its rows are read so that equal rows give equal texts. */
export interface RowPair {
  readonly object: string;
  readonly left: RowSource;
  readonly right: RowSource;
  /** Names of the columns that both have, sorted. */
  readonly columns: readonly string[];
  /** Names of the columns of a key that both have; none when there is no such key. */
  readonly key: readonly string[];
  /** The same key, when its values have one order on both sides. */
  readonly orderedKey: RowKey | undefined;
}

export function pairOf(left: RowSource, right: RowSource, sameEncoding: boolean): RowPair {
  const others = new Set(right.columns.map(({ name }) => name));
  const columns = left.columns.map(({ name }) => name).filter((name) => others.has(name));
  const key = left.keys.find((one) => right.keys.some((other) => namesOf(other) === namesOf(one))) ?? [];
  const same = right.keys.find((other) => namesOf(other) === namesOf(key)) ?? [];
  const isOrdered = (column: KeyColumn, index: number): boolean =>
    column.ordered !== undefined && column.ordered === same[index]?.ordered && (sameEncoding || !column.isText);
  return {
    object: left.object,
    left,
    right,
    columns,
    key: key.map(({ name }) => name),
    orderedKey: key.length > 0 && key.every(isOrdered) ? key : undefined,
  };
}

const namesOf = (key: RowKey): string => JSON.stringify(key.map(({ name }) => name));

/** The same pair with fewer rows: SQL that stands behind FROM on each side. */
export function narrowed(pair: RowPair, left: string, right: string): RowPair {
  return { ...pair, left: { ...pair.left, from: left }, right: { ...pair.right, from: right } };
}

/** How texts of rows are made on one side. */
export interface RowText {
  /** One server writes floating-point numbers with 17 digits, the other with as few as needed: their bits are compared. */
  readonly floatBits: boolean;
  /** The databases have different encodings: texts are compared in UTF-8. */
  readonly toUtf8: boolean;
}

export function rowTextFor(left: ComparisonSession, right: ComparisonSession): RowText {
  const encodings = [left.encoding, right.encoding];
  return {
    // PostgreSQL 12 began to write the shortest text that gives the same number.
    floatBits: left.major < 12 !== right.major < 12,
    toUtf8: left.encoding !== right.encoding && !encodings.includes("SQL_ASCII"),
  };
}

/** SQL: the values of these columns, one by one. */
export function valuesSql(source: RowSource, names: readonly string[], how: RowText): string[] {
  const byName = new Map(source.columns.map((column) => [column.name, column]));
  return names.map((name) => valueSql(byName.get(name)!, how));
}

/** SQL: the text of a row made of these columns. `row()` quotes whatever needs it, and tells NULL from the empty text. */
export function rowTextSql(source: RowSource, names: readonly string[], how: RowText): string {
  return `row(${valuesSql(source, names, how).join(", ")})::text`;
}

function valueSql({ sql, isFloat }: RowColumn, how: RowText): string {
  // Not-a-number has many bit patterns and one text.
  return how.floatBits && isFloat ? `case when ${sql} = 'NaN' then 'NaN' else float8send(${sql})::text end` : sql;
}

/** SQL: the digest of a text, in the encoding that both sides share. */
export function digestSql(text: string, hash: RowHash, how: RowText): string {
  return hash.digest(how.toUtf8 ? `encode(convert_to(${text}, 'UTF8'), 'hex')` : text);
}
