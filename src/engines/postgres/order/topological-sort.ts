import type { DumpObject } from "../objects/dump-object.ts";
import { IndexHeap } from "./index-heap.ts";

/**
 * Puts every object behind what it depends on, disturbing the given order as little as possible: the result is filled
 * from its end, each time with the last object of the given order that nothing left over depends on.
 * Edges to objects that are not in `objects` are ignored.
 *
 * @returns the sorted objects, or those that are caught in or behind a cycle.
 */
export function topologicalSort(
  objects: readonly DumpObject[],
): { readonly sorted: DumpObject[] } | { readonly stuck: DumpObject[] } {
  const positions = new Positions(objects);
  // How many of the objects not yet placed depend on this one.
  const dependents = new Uint32Array(objects.length);
  // `forEach`: iterators of a hundred thousand sets give the garbage collector more to do than all else here.
  const count = (id: number): void => {
    const index = positions.of(id);
    if (index >= 0) dependents[index]!++;
  };
  for (const object of objects) object.dependencies.forEach(count);
  const ready = new IndexHeap();
  for (let i = 0; i < objects.length; i++) if (dependents[i] === 0) ready.push(i);

  const release = (id: number): void => {
    const index = positions.of(id);
    if (index >= 0 && --dependents[index]! === 0) ready.push(index);
  };
  const sorted = objects.slice();
  const placed = new Uint8Array(objects.length);
  let free = objects.length;
  for (let index = ready.popLargest(); index !== undefined; index = ready.popLargest()) {
    const object = objects[index]!;
    sorted[--free] = object;
    placed[index] = 1;
    object.dependencies.forEach(release);
  }
  return free === 0 ? { sorted } : { stuck: objects.filter((_, index) => placed[index] === 0) };
}

/** Where the objects stand, by dump id. Ids are small and dense, so that an array takes the place of a map. */
class Positions {
  readonly #ofId: Int32Array;

  constructor(objects: readonly DumpObject[]) {
    const largest = objects.reduce((id, object) => Math.max(id, object.dumpId), 0);
    this.#ofId = new Int32Array(largest + 1).fill(-1);
    for (let index = 0; index < objects.length; index++) this.#ofId[objects[index]!.dumpId] = index;
  }

  /** -1 for one that is not among the objects. */
  of(dumpId: number): number {
    return this.#ofId[dumpId] ?? -1;
  }
}
