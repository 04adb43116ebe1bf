import type { CatalogReader } from "../catalog-reader.ts";
import { type Column, type Relation, relationAt } from "./relation.ts";

/** Fills `parents`, then decides which NOT NULLs a table must state itself. Needs the columns. One query. */
export async function readInheritance(reader: CatalogReader): Promise<void> {
  const rows = await reader.rows("SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits ORDER BY inhrelid, inhseqno");
  const children = new Set<Relation>();
  for (const row of rows) {
    // Partitions of indexes stand in the same catalogue.
    const child = relationAt(reader.registry, Number(row.inhrelid));
    const parent = relationAt(reader.registry, Number(row.inhparent));
    if (child === undefined || parent === undefined) continue;
    child.parents.push(parent);
    children.add(child);
  }
  for (const child of children) {
    for (const column of child.columns)
      markInheritedNotNull(child, column, reader.capabilities.namedNotNullConstraints);
  }
}

/** A column of a parent, with that parent. */
export interface InheritedColumn {
  readonly relation: Relation;
  readonly column: Column;
}

/** Columns of the parents with this name. */
export function inheritedFrom(child: Relation, { name }: Column): InheritedColumn[] {
  return child.parents.flatMap((relation) =>
    relation.columns.filter((column) => column.name === name).map((column) => ({ relation, column })),
  );
}

function markInheritedNotNull(child: Relation, column: Column, named: boolean): void {
  if (column.notNull === undefined) return;
  const statedByParent = inheritedFrom(child, column).some((inherited) => inherited.column.notNull !== undefined);
  if (named) {
    // Inherited only, but valid here while every parent has it NOT VALID: the parents alone would not give it back.
    if (!statedByParent) column.notNull.isLocal = true;
  } else if (statedByParent) {
    // Before there were catalogue rows nobody knew: what a parent says is taken as inherited.
    column.notNull.isLocal = false;
  }
}
