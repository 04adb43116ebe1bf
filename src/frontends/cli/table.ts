import { printable } from "../../core/printable.ts";

export interface Column {
  readonly title: string;
  readonly align?: "right";
}

/** Rows under titles, each column as wide as it needs, without anything at the ends of lines. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => width(row[index]!))));
  return cells.map((row) =>
    row
      .map((cell, index) => pad(cell, widths[index]!, columns[index]!))
      .join("  ")
      .trimEnd(),
  );
}

/** Characters, not UTF-16 units; wide ones are not counted twice, which a terminal may show as a shifted line. */
function width(text: string): number {
  return [...text].length;
}

function pad(text: string, to: number, { align }: Column): string {
  const space = " ".repeat(to - width(text));
  return align === "right" ? space + text : text + space;
}
