import type { DumpObject } from "./dump-object.ts";

/**
 * The owner's statement prints the inner object, so what that one refers to comes before the owner. pg_depend says that it
 * comes after the owner, too; left to the sorter, such a cycle for each default of each table would take most of its time.
 */
export function printInside(owner: DumpObject, inner: DumpObject): void {
  owner.dependencies.add(inner.dumpId);
  inner.dependencies.delete(owner.dumpId);
}
