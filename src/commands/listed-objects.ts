/** Between the objects of a backup lie its records; those of more than so many are found by another way. */
const REACH = 64;

/**
 * Keys of a listing with their sizes, in the order of the listing. A map of 300,000 keys takes half as long as to look at as many
 * files; but who asks for what belongs to one backup after the other mostly finds it next to where the last was found.
 */
export class ListedObjects {
  readonly #keys: string[] = [];
  readonly #sizes: number[] = [];
  #at = 0;
  /** Places by key; made when something is not found nearby. */
  #places: Map<string, number> | undefined;

  /** @param size NaN where it is not known @returns its place, counted from 0 */
  add(key: string, size: number): number {
    this.#places = undefined;
    this.#sizes.push(size);
    return this.#keys.push(key) - 1;
  }

  at(place: number): { readonly key: string; readonly size: number } {
    return { key: this.#keys[place]!, size: this.#sizes[place]! };
  }

  /** Its size; undefined when there is none. Quickest for keys in their order. */
  get(key: string): number | undefined {
    const end = Math.min(this.#at + REACH, this.#keys.length);
    for (let at = this.#at; at < end; at++) {
      if (this.#keys[at] !== key) continue;
      this.#at = at;
      return this.#sizes[at];
    }
    this.#places ??= new Map(this.#keys.map((one, place) => [one, place]));
    const found = this.#places.get(key);
    if (found === undefined) return undefined;
    this.#at = found;
    return this.#sizes[found];
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** In the order of the listing. */
  keys(): readonly string[] {
    return this.#keys;
  }
}
