import type { ColumnDefault } from "../objects/column-default.ts";
import type { DumpObject } from "../objects/dump-object.ts";
import type { ObjectRegistry } from "../objects/object-registry.ts";
import type { Boundaries } from "./sections.ts";

/**
 * Breaks one dependency cycle (each object depends on the next, the last on the first) in the way that keeps the dump
 * restorable. Answers a warning when no such way is known and an edge was cut blindly.
 */
export function repairCycle(
  cycle: readonly DumpObject[],
  registry: ObjectRegistry,
  boundaries: Boundaries,
): string | undefined {
  return (
    cutTableData(cycle) ??
    cutSelfReference(cycle) ??
    inlineIntoOwner(cycle, registry) ??
    printSeparately(cycle, registry, boundaries, isViewRule) ??
    (cycle.includes(boundaries.preData) ? printSeparately(cycle, registry, boundaries, isNoRule) : undefined) ??
    postponeBehindData(cycle, boundaries) ??
    printSeparately(cycle, registry, boundaries, () => true) ??
    cutChildIndex(cycle) ??
    cutBlindly(cycle)
  ).warning;
}

interface Repaired {
  readonly warning?: string;
}

function cutSelfReference(cycle: readonly DumpObject[]): Repaired | undefined {
  const [only, ...others] = cycle;
  if (others.length > 0) return undefined;
  only!.dependencies.delete(only!.dumpId);
  return {};
}

/**
 * Two objects, one printed inside the other: the inner one need not come after the outer one. View and ON SELECT rule,
 * table and CHECK or default, domain and its constraint.
 */
function inlineIntoOwner(cycle: readonly DumpObject[], registry: ObjectRegistry): Repaired | undefined {
  if (cycle.length !== 2) return undefined;
  const inner = cycle.find((object) => isInline(object) && cycle.includes(registry.get(object.inlineOwner!)!));
  if (inner === undefined) return undefined;
  inner.dependencies.delete(inner.inlineOwner!);
  return {};
}

/**
 * A materialized view or function that refers to something behind the data (a primary key in GROUP BY, a row type that
 * a later rule completes): its definition moves behind the data too, and so does what stands between it and the boundary
 * (a type that holds its rows).
 */
function postponeBehindData(cycle: readonly DumpObject[], boundaries: Boundaries): Repaired | undefined {
  const index = cycle.indexOf(boundaries.preData);
  if (index < 0 || !cycle.some((object) => object.canBePostponed)) return undefined;
  const next = cycle[(index + 1) % cycle.length]!;
  boundaries.preData.dependencies.delete(next.dumpId);
  next.postponed = true;
  next.dependencies.add(boundaries.postData.dumpId);
  return {};
}

/** A longer cycle through an inline object: its owner is created without it, and it follows later by itself. */
function printSeparately(
  cycle: readonly DumpObject[],
  registry: ObjectRegistry,
  boundaries: Boundaries,
  mayBe: (inner: DumpObject, owner: DumpObject) => boolean,
): Repaired | undefined {
  const inner = cycle.find((object) => {
    const owner = isInline(object) ? registry.get(object.inlineOwner!)! : undefined;
    return owner !== undefined && cycle.includes(owner) && mayBe(object, owner);
  });
  if (inner === undefined) return undefined;
  registry.get(inner.inlineOwner!)!.dependencies.delete(inner.dumpId);
  inner.separate = true;
  inner.dependencies.add(inner.inlineOwner!);
  // A default is set right after its table, before the data; rules and constraints wait until the data is there.
  if (inner.kind !== "default") inner.dependencies.add(boundaries.postData.dumpId);
  else boundaries.preData.dependencies.add(inner.dumpId);
  return {};
}

/** A view can be made a dummy first; a materialized view cannot, it is postponed as a whole. */
function isViewRule(inner: DumpObject, owner: DumpObject): boolean {
  return inner.kind === "rule" && owner.canBePostponed !== true;
}

/**
 * A default or CHECK that needs what only comes behind the data moves there alone: its table must stay before its rows. A
 * generation expression has no statement of its own to follow with.
 */
function isNoRule(inner: DumpObject): boolean {
  return inner.kind !== "rule" && !(inner.kind === "default" && (inner as ColumnDefault).column.generated !== "");
}

/** An index of a partitioned table and the index of a partition depend on each other: the child comes first. */
function cutChildIndex(cycle: readonly DumpObject[]): Repaired | undefined {
  if (cycle.length !== 2 || cycle.some((object) => object.kind !== "index" && object.kind !== "constraint")) {
    return undefined;
  }
  const child = cycle.find((object) => object.isPartitionIndex === true);
  const parent = cycle.find((object) => object !== child);
  if (child === undefined || parent === undefined) return undefined;
  child.dependencies.delete(parent.dumpId);
  return {};
}

/** Foreign keys in a circle, in a dump of data only: no order serves all of them. */
function cutTableData(cycle: readonly DumpObject[]): Repaired | undefined {
  if (cycle.some((object) => object.kind !== "table-data")) return undefined;
  // Of the oldest table in it, so that both tools load the same one first.
  const first = cycle.reduce((oldest, object, at) => (object.dumpId < cycle[oldest]!.dumpId ? at : oldest), 0);
  cycle[first]!.dependencies.delete(cycle[(first + 1) % cycle.length]!.dumpId);
  const names = cycle.map((object) => `"${object.schema}.${object.name}"`).join(", ");
  const which = cycle.length === 1 ? `a foreign key of ${names} to itself` : `circular foreign keys among ${names}`;
  return { warning: `${which}: restore them with triggers disabled or as a full dump` };
}

function cutBlindly(cycle: readonly DumpObject[]): Repaired {
  cycle[0]!.dependencies.delete(cycle[1]!.dumpId);
  const names = cycle.map((object) => `${object.kind} "${object.schema ?? ""}.${object.name}"`).join(" -> ");
  return { warning: `dependency cycle could not be resolved: ${names}; the restore may report errors` };
}

function isInline(object: DumpObject): boolean {
  return object.inlineOwner !== undefined && object.separate !== true;
}
