/**
 * Values by catalogue identity: by catalogue, then by OID. Maps of small integers are looked up much faster than those of
 * texts, or of one number made of both, which V8 has to keep as an object of its own.
 */
export class CatalogMap<Value> {
  readonly #byTable = new Map<number, Map<number, Value>>();

  get(table: number, oid: number): Value | undefined {
    return this.#byTable.get(table)?.get(oid);
  }

  has(table: number, oid: number): boolean {
    return this.#byTable.get(table)?.has(oid) === true;
  }

  set(table: number, oid: number, value: Value): void {
    const known = this.#byTable.get(table);
    if (known === undefined) this.#byTable.set(table, new Map([[oid, value]]));
    else known.set(oid, value);
  }

  /** What is there, or else what `make` makes, which is then there. */
  getOrMake(table: number, oid: number, make: () => Value): Value {
    const known = this.get(table, oid);
    if (known !== undefined) return known;
    const made = make();
    this.set(table, oid, made);
    return made;
  }
}
