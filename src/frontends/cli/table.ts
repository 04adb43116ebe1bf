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
  const layouts: Layout[] = columns.map(({ title, align }) => ({
    width: width(title),
    isPlain: plain.test(title),
    isRight: align === "right",
  }));
  for (const item of items) measure(rowOf(item), layouts);
  yield lineOf(
    columns.map(({ title }) => title),
    layouts,
  );
  for (const item of items) yield lineOf(rowOf(item), layouts);
}

/** What is known of a column when all its cells were seen. */
interface Layout {
  width: number;
  /** Each cell is as long as it is wide, and can be printed as it is. */
  isPlain: boolean;
  readonly isRight: boolean;
}

function measure(row: readonly string[], layouts: readonly Layout[]): void {
  for (let at = 0; at < row.length; at++) {
    const [cell, layout] = [row[at]!, layouts[at]!];
    if (plain.test(cell)) {
      if (cell.length > layout.width) layout.width = cell.length;
      continue;
    }
    layout.isPlain = false;
    layout.width = Math.max(layout.width, width(printable(cell)));
  }
}

/** Without intermediate lists: there may be a hundred thousand lines. */
function lineOf(row: readonly string[], layouts: readonly Layout[]): string {
  let line = "";
  for (let at = 0; at < row.length; at++) {
    const { width: whole, isPlain, isRight } = layouts[at]!;
    const cell = isPlain ? row[at]! : printable(row[at]!);
    const space = " ".repeat(whole - (isPlain ? cell.length : width(cell)));
    line += `${at === 0 ? "" : "  "}${isRight ? space + cell : cell + space}`;
  }
  return line.trimEnd();
}

/** Most cells: to take a text apart takes ten times as long, and there are a million in a table of 100,000 backups. */
const plain = /^[\x20-\x7e]*$/;

/** Characters, not UTF-16 units; wide ones are not counted twice, which a terminal may show as a shifted line. */
function width(text: string): number {
  return plain.test(text) ? text.length : [...text].length;
}
