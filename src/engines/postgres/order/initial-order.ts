import { type DumpObject, objectKinds } from "../objects/dump-object.ts";
import type { ObjectRegistry } from "../objects/object-registry.ts";

/**
 * The order that names and kinds alone give: kind, schema (none last), name, tie breaks, OID. Binary strings compare as
 * their bytes do, so two dumps of the same database agree wherever they run.
 */
export function initialOrder(registry: ObjectRegistry): DumpObject[] {
  return objectKinds.flatMap((kind) => registry.ofKind(kind).toSorted(compareSameKind));
}

function compareSameKind(a: DumpObject, b: DumpObject): number {
  return (
    compareSchemas(a.schema, b.schema) ||
    compareText(a.name, b.name) ||
    compareTieBreaks(a.tieBreak ?? [], b.tieBreak ?? []) ||
    a.catalog.oid - b.catalog.oid ||
    a.dumpId - b.dumpId
  );
}

function compareSchemas(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return compareText(a, b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareTieBreaks(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareText(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
