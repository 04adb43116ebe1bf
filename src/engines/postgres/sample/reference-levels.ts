/** A foreign key, by tables with rows. */
export interface ReferenceEdge {
  readonly from: number;
  readonly to: readonly number[];
}

/**
 * When the references of a table's rows are followed: after those of all tables that refer to it, so that each table is
 * looked at once, however long the chains are. Tables in circles, and those that only circles lead to, have no level: they are
 * the last, and looked at again and again.
 */
export function referenceLevels(edges: readonly ReferenceEdge[]): ReadonlyMap<number, number> {
  const targets = new Map<number, Set<number>>();
  for (const { from, to } of edges) {
    const known = targets.get(from) ?? new Set();
    for (const table of to) if (table !== from) known.add(table);
    targets.set(from, known);
  }
  const unseen = new Map<number, number>();
  for (const [from, to] of targets) {
    unseen.set(from, unseen.get(from) ?? 0);
    for (const table of to) unseen.set(table, (unseen.get(table) ?? 0) + 1);
  }
  const levels = new Map<number, number>();
  let free = [...unseen].filter(([, count]) => count === 0).map(([table]) => table);
  for (let level = 0; free.length > 0; level++) {
    const next: number[] = [];
    for (const table of free) {
      levels.set(table, level);
      for (const target of targets.get(table) ?? []) {
        const left = unseen.get(target)! - 1;
        unseen.set(target, left);
        if (left === 0) next.push(target);
      }
    }
    free = next;
  }
  return levels;
}
