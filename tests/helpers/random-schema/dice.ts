/** Chance that the same seed repeats. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `below` - 1 (mulberry32). */
  number(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.number(times) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.number(items.length)]!;
  }

  /** `text` once in `times`, else nothing. */
  maybe(times: number, text: string): string {
    return this.once(times) ? text : "";
  }

  /** At least one of the items, in the order that the dice gave them. */
  some<Item>(items: readonly Item[], most: number = items.length): Item[] {
    const left = [...items];
    const wanted = 1 + this.number(Math.min(most, items.length));
    return Array.from({ length: wanted }, () => left.splice(this.number(left.length), 1)[0]!);
  }
}
