/** Most objects need two or three others. */
const mostInArray = 8;
const none: readonly number[] = [];

/**
 * A set of dump ids, in the order in which they were added. There is one for each of a hundred thousand objects, nearly all
 * with few members: as a `Set` each would take 250 bytes, and a third of what the garbage collector does for a catalogue.
 */
export class DumpIds implements Iterable<number> {
  #ids: readonly number[] | Set<number> = none;

  get size(): number {
    return this.#ids instanceof Set ? this.#ids.size : this.#ids.length;
  }

  has(id: number): boolean {
    return this.#ids instanceof Set ? this.#ids.has(id) : this.#ids.includes(id);
  }

  add(id: number): this {
    const ids = this.#ids;
    if (ids instanceof Set) ids.add(id);
    // A new array has room for what it holds; one that is pushed to, for 17 at once.
    else if (!ids.includes(id)) this.#ids = ids.length < mostInArray ? ids.concat([id]) : new Set(ids).add(id);
    return this;
  }

  /** @returns whether it was there. */
  delete(id: number): boolean {
    const ids = this.#ids;
    if (ids instanceof Set) return ids.delete(id);
    if (!ids.includes(id)) return false;
    this.#ids = ids.filter((other) => other !== id);
    return true;
  }

  forEach(visit: (id: number) => void): void {
    const ids = this.#ids;
    if (ids instanceof Set) for (const id of ids) visit(id);
    else for (let at = 0; at < ids.length; at++) visit(ids[at]!);
  }

  [Symbol.iterator](): Iterator<number> {
    return this.#ids[Symbol.iterator]();
  }
}
