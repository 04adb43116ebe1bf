import { LiteralKind } from "../../../wire/mysql/rows/literal-kind.ts";
import { columnLiteral } from "../dump/column-literals.ts";
import type { ColumnFacts } from "../objects/read-relations.ts";
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

export function loadedColumn(facts: ColumnFacts): LoadedColumn {
  const { expression, kind } = columnLiteral(facts, false);
  const { name, type } = facts;
  if (textOnly.has(type)) return { expression, kind, column: { name, load: "CONVERT(@value USING utf8mb4)" } };
  if ((type === "enum" || type === "set") && kind === LiteralKind.number) {
    return { expression, kind, column: { name, load: "CAST(@value AS UNSIGNED)" } };
  }
  return { expression, kind, column: { name } };
}
