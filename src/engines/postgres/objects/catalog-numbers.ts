const initialSlots = 1024;
/** Of four slots at most so many are taken: a search then looks at two or three. */
const fullQuarters = 3;

/**
 * Numbers above 0 by catalogue identity. A catalogue of ten thousand tables is asked half a million times, mostly for what is
 * not there: this has nothing that the garbage collector walks over, and takes a third of the time of maps.
 */
export class CatalogNumbers {
  /** Of each slot: catalogue, OID, number; 0 as number is a free one. */
  #slots = new Uint32Array(initialSlots * 3);
  #taken = 0;

  /** 0 when there is none. */
  get(table: number, oid: number): number {
    return this.#slots[this.#find(table, oid) + 2]!;
  }

  set(table: number, oid: number, number: number): void {
    let at = this.#find(table, oid);
    if (this.#slots[at + 2] === 0) {
      this.#taken += 1;
      if (this.#taken * 12 > this.#slots.length * fullQuarters) {
        this.#grow();
        at = this.#find(table, oid);
      }
    }
    this.#put(at, table, oid, number);
  }

  /** Where the identity lies, or would. */
  #find(table: number, oid: number): number {
    const slots = this.#slots;
    const mask = slots.length / 3 - 1;
    // OIDs are mostly given one after another: the upper bits of a product spread them.
    let slot = (Math.imul(oid ^ Math.imul(table, 0x85ebca6b), 0x9e3779b1) >>> 7) & mask;
    for (;;) {
      const at = slot * 3;
      if (slots[at + 2] === 0 || (slots[at + 1] === oid && slots[at] === table)) return at;
      slot = (slot + 1) & mask;
    }
  }

  #put(at: number, table: number, oid: number, number: number): void {
    this.#slots[at] = table;
    this.#slots[at + 1] = oid;
    this.#slots[at + 2] = number;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 3) {
      if (old[at + 2] !== 0) this.#put(this.#find(old[at]!, old[at + 1]!), old[at]!, old[at + 1]!, old[at + 2]!);
    }
  }
}
