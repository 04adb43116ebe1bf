import type { DumpObject } from "../objects/dump-object.ts";

/**
 * A shortest dependency cycle through `start` within the objects of `among`: each depends on the next, the last on the
 * first. Breadth first, so no recursion however deep the dependencies are, and the cycle found is the smallest one,
 * which is the one whose repair changes least.
 */
export function findCycle(start: DumpObject, among: ReadonlyMap<number, DumpObject>): DumpObject[] | undefined {
  const cameFrom = new Map<number, number>();
  const queue: number[] = [start.dumpId];
  for (let head = 0; head < queue.length; head++) {
    const id = queue[head]!;
    for (const needed of among.get(id)!.dependencies) {
      if (needed === start.dumpId) return pathTo(id, start.dumpId, cameFrom).map((step) => among.get(step)!);
      if (!among.has(needed) || cameFrom.has(needed)) continue;
      cameFrom.set(needed, id);
      queue.push(needed);
    }
  }
  return undefined;
}

function pathTo(end: number, start: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const path = [end];
  for (let at = end; at !== start; ) {
    at = cameFrom.get(at)!;
    path.push(at);
  }
  return path.toReversed();
}
