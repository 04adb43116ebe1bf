import type { Capabilities } from "../../capabilities.ts";
import type { Row } from "../catalog-reader.ts";
import type { ObjectRegistry } from "../object-registry.ts";
import { type Column, type Relation, relationAt } from "./relation.ts";

export const inheritanceQuery = "SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits ORDER BY inhrelid, inhseqno";

/** Fills `parents`. @param rows what {@link inheritanceQuery} answered. */
export function readInheritance(registry: ObjectRegistry, rows: readonly Row[]): void {
  for (const row of rows) {
    // Partitions of indexes stand in the same catalogue.
    const child = relationAt(registry, Number(row.inhrelid));
    const parent = relationAt(registry, Number(row.inhparent));
    if (child !== undefined && parent !== undefined) child.parents = child.parents.concat(parent);
  }
}

/** Decides which NOT NULLs a table must state itself. Needs `columns` and `parents` of all. */
export function markInheritedNotNulls(relations: readonly Relation[], { namedNotNullConstraints }: Capabilities): void {
  for (const child of relations) {
    if (child.parents.length === 0) continue;
    for (const column of child.columns) markInheritedNotNull(child, column, namedNotNullConstraints);
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
