import { printable } from "../../core/printable.ts";

export interface Column {
  readonly title: string;
  readonly align?: "right";
}

/** Rows under titles, each column as wide as it needs, without anything at the ends of lines. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  return [...tableLines(columns, rows, (row) => row)];
}

/**
 * The same, line by line, for tables of which no memory is to hold all lines.
 * @param rowOf makes the cells of an item; it is called twice for each
 */
export function* tableLines<T>(
  columns: readonly Column[],
  items: readonly T[],
  rowOf: (item: T) => readonly string[],
): Generator<string> {
  const widths = columns.map(({ title }) => width(title));
  for (const item of items) {
    const row = rowOf(item);
    for (let at = 0; at < row.length; at++) widths[at] = Math.max(widths[at]!, width(printable(row[at]!)));
  }
  yield lineOf(
    columns.map(({ title }) => title),
    widths,
    columns,
  );
  for (const item of items) yield lineOf(rowOf(item), widths, columns);
}

/** Without intermediate lists: there may be a hundred thousand lines. */
function lineOf(row: readonly string[], widths: readonly number[], columns: readonly Column[]): string {
  let line = "";
  for (let at = 0; at < row.length; at++) {
    const cell = printable(row[at]!);
    const space = " ".repeat(widths[at]! - width(cell));
    line += `${at === 0 ? "" : "  "}${columns[at]!.align === "right" ? space + cell : cell + space}`;
  }
  return line.trimEnd();
}

/** Most cells: to take a text apart takes ten times as long, and there are a million in a table of 100,000 backups. */
const plain = /^[\x20-\x7e]*$/;

/** Characters, not UTF-16 units; wide ones are not counted twice, which a terminal may show as a shifted line. */
function width(text: string): number {
  return plain.test(text) ? text.length : [...text].length;
}
