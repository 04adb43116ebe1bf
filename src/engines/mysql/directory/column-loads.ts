import { LiteralKind } from "../../../wire/mysql/rows/literal-kind.ts";
import { columnLiteral } from "../dump/column-literals.ts";
import { jsonLiteral } from "../dump/json-literal.ts";
import { jsonColumn } from "../dump/typed-json.ts";
import type { ColumnFacts, Relation } from "../objects/read-relations.ts";
import { endOrNull, type RowHistory } from "../objects/row-history.ts";
import { quoteName } from "../quote.ts";
import type { DirectoryColumn } from "./directory-index.ts";

/** How a column is read for lines of LOAD DATA, and loaded again. */
export interface LoadedColumn {
  /** What is selected. */
  readonly expression: string;
  readonly kind: LiteralKind;
  readonly column: DirectoryColumn;
}

/** They take no bytes, or take them for something else, as UUID takes 16 of them. */
const textOnly = new Set(["json", "uuid", "inet4", "inet6", "xmltype"]);

/** All columns of the lines of a table. @param literals names of JSON columns that are written as expressions of SQL */
export function loadedColumns(
  table: Relation,
  history: RowHistory | undefined,
  literals: readonly string[] = [],
): LoadedColumn[] {
  const columns = table.columns.filter(({ isGenerated }) => !isGenerated).map(loadedColumn);
  const written = columns.map((loaded): LoadedColumn => {
    const { name } = loaded.column;
    if (!literals.includes(name)) return loaded;
    return { ...loaded, expression: jsonLiteral(jsonColumn(table, name)), kind: LiteralKind.text };
  });
  return history === undefined ? written : [...written, ...timesOf(history)];
}

/** From when to when each version of a row was the current one. */
function timesOf(history: RowHistory): LoadedColumn[] {
  const { start, end } = history;
  return [
    {
      expression: quoteName(start),
      kind: LiteralKind.text,
      column: { name: start, load: "CONVERT(@value USING utf8mb4)" },
    },
    {
      expression: endOrNull(history),
      kind: LiteralKind.text,
      column: { name: end, load: "COALESCE(CONVERT(@value USING utf8mb4), @dbb_end_of_time)" },
    },
  ];
}

function loadedColumn(facts: ColumnFacts): LoadedColumn {
  const { expression, kind } = columnLiteral(facts, false);
  const { name, type } = facts;
  if (textOnly.has(type)) return { expression, kind, column: { name, load: "CONVERT(@value USING utf8mb4)" } };
  if ((type === "enum" || type === "set") && kind === LiteralKind.number) {
    return { expression, kind, column: { name, load: "CAST(@value AS UNSIGNED)" } };
  }
  return { expression, kind, column: { name } };
}
