/**
 * A set of dump ids, which are above 0, in the order in which they were added. There is one for each of a hundred thousand
 * objects, nearly all with two or three members, which lie in the object itself: as a `Set` each would take 250 bytes, and a
 * third of what the garbage collector does for a catalogue.
 */
export class DumpIds implements Iterable<number> {
  /** 0 is none; then there are none behind it. */
  #first = 0;
  #second = 0;
  #third = 0;
  #more: Set<number> | undefined;

  get size(): number {
    const few = this.#first === 0 ? 0 : this.#second === 0 ? 1 : this.#third === 0 ? 2 : 3;
    return few + (this.#more?.size ?? 0);
  }

  has(id: number): boolean {
    return id === this.#first || id === this.#second || id === this.#third || this.#more?.has(id) === true;
  }

  add(id: number): this {
    if (this.has(id)) return this;
    if (this.#first === 0) this.#first = id;
    else if (this.#second === 0) this.#second = id;
    else if (this.#third === 0) this.#third = id;
    else {
      this.#more ??= new Set();
      this.#more.add(id);
    }
    return this;
  }

  /** @returns whether it was there. */
  delete(id: number): boolean {
    if (this.#more?.delete(id) === true) return true;
    if (!this.has(id)) return false;
    if (id === this.#first) this.#first = this.#second;
    if (id !== this.#third) this.#second = this.#third;
    this.#third = this.#takeNext();
    return true;
  }

  /** The first of those that do not lie in the object, which is then none of them. */
  #takeNext(): number {
    for (const id of this.#more ?? []) {
      this.#more!.delete(id);
      return id;
    }
    return 0;
  }

  forEach(visit: (id: number) => void): void {
    if (this.#first !== 0) visit(this.#first);
    if (this.#second !== 0) visit(this.#second);
    if (this.#third !== 0) visit(this.#third);
    if (this.#more !== undefined) for (const id of this.#more) visit(id);
  }

  [Symbol.iterator](): Iterator<number> {
    const ids: number[] = [];
    this.forEach((id) => {
      ids.push(id);
    });
    return ids[Symbol.iterator]();
  }
}
