import type { DumpObject } from "../objects/dump-object.ts";
import type { ObjectRegistry } from "../objects/object-registry.ts";
import { findCycle } from "./find-cycle.ts";
import { initialOrder } from "./initial-order.ts";
import { repairCycle } from "./repair-cycle.ts";
import { addBoundaries } from "./sections.ts";
import { topologicalSort } from "./topological-sort.ts";

/** Objects in the order in which they can be created, and what could not be ordered soundly. */
export interface SortedObjects {
  readonly objects: readonly DumpObject[];
  readonly warnings: readonly string[];
}

/**
 * Sorts all registered objects: by kind and name first, then by dependencies; cycles are repaired one by one.
 * May set `separate` and `postponed` of objects.
 */
export function sortObjects(registry: ObjectRegistry): SortedObjects {
  const boundaries = addBoundaries(registry);
  let order = initialOrder(registry);
  const warnings: string[] = [];
  for (;;) {
    const result = topologicalSort(order);
    if ("sorted" in result) {
      order = result.sorted;
      return { objects: order, warnings };
    }
    const stuck = new Map(result.stuck.map((object) => [object.dumpId, object]));
    for (const object of result.stuck) {
      // One repair may free many: those already touched wait for the next sort.
      if (!stuck.has(object.dumpId)) continue;
      const cycle = findCycle(object, stuck);
      if (cycle === undefined) continue;
      const warning = repairCycle(cycle, registry, boundaries);
      if (warning !== undefined) warnings.push(warning);
      for (const member of cycle) stuck.delete(member.dumpId);
    }
  }
}
