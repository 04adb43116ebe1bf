import type { ComparisonSession } from "./comparison-session.ts";
import type { RowHash } from "./row-hash.ts";
import type { RowColumn, RowSource } from "./row-source.ts";

/** The same table on both sides, and how its rows are read so that equal rows give equal texts. */
export interface RowPair {
  readonly object: string;
  readonly left: RowSource;
  readonly right: RowSource;
  /** Names of the columns that both have, sorted. */
  readonly columns: readonly string[];
  /** The primary key, when both have the same. */
  readonly key: readonly string[];
}

export function pairOf(left: RowSource, right: RowSource): RowPair {
  const others = new Set(right.columns.map(({ name }) => name));
  const columns = left.columns.map(({ name }) => name).filter((name) => others.has(name));
  const sameKey = left.key.length === right.key.length && left.key.every((name, index) => name === right.key[index]);
  return { object: left.object, left, right, columns, key: sameKey ? left.key : [] };
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

/** SQL: the text of a row made of these columns. `row()` quotes whatever needs it, and tells NULL from the empty text. */
export function rowTextSql(source: RowSource, names: readonly string[], how: RowText): string {
  const byName = new Map(source.columns.map((column) => [column.name, column]));
  return `row(${names.map((name) => valueSql(byName.get(name)!, how)).join(", ")})::text`;
}

function valueSql({ sql, isFloat }: RowColumn, how: RowText): string {
  // Not-a-number has many bit patterns and one text.
  return how.floatBits && isFloat ? `case when ${sql} = 'NaN' then 'NaN' else float8send(${sql})::text end` : sql;
}

/** SQL: the digest of a text, in the encoding that both sides share. */
export function digestSql(text: string, hash: RowHash, how: RowText): string {
  return hash.digest(how.toUtf8 ? `encode(convert_to(${text}, 'UTF8'), 'hex')` : text);
}
