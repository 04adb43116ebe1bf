import type { MemoryBudget } from "../../common/memory-budget.ts";

/** Pages whose rows are kept together. */
const PAGES_OF_CHUNK = 1024;
/** A row within its chunk is one number: the page, and in 16 bits the item on it. */
const ITEM_BITS = 16;
const ITEM_MASK = 0xffff;
/** What an empty chunk takes besides its numbers. */
const CHUNK_OVERHEAD = 256;
const FIRST_CAPACITY = 8;

/**
 * Places of rows in a table (`ctid`), which name them exactly as long as the snapshot is held. A chunk of pages has its few
 * rows as a list of 4 bytes each, and as a bitmap when that takes less: so a row never takes more than about 6 bytes, and
 * a table of 100 million rows, all of them chosen, some 40 MiB.
 */
export class RowSet {
  readonly #budget: MemoryBudget;
  /** Items that a page can have. */
  readonly #itemsOfPage: number;
  readonly #chunks = new Map<number, Chunk>();
  #count = 0;
  /** Chunks in order, with how many rows come before each; made when rows are read by their number. */
  #order: { readonly numbers: readonly number[]; readonly before: readonly number[] } | undefined;
  /** The rows of a chunk that was read last: mostly the next ones are of the same. */
  #expanded: { readonly number: number; readonly rows: Uint32Array } | undefined;

  constructor(budget: MemoryBudget, itemsOfPage: number) {
    this.#budget = budget;
    this.#itemsOfPage = itemsOfPage;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether the row is new. @throws BackupError UNSUPPORTED_OBJECT when there are too many */
  add(page: number, item: number): boolean {
    if (item > this.#itemsOfPage) throw new Error(`item ${item} of a page that has ${this.#itemsOfPage}`);
    const number = Math.floor(page / PAGES_OF_CHUNK);
    let chunk = this.#chunks.get(number);
    if (chunk === undefined) {
      chunk = new Chunk(this.#budget, this.#itemsOfPage);
      this.#chunks.set(number, chunk);
    }
    if (!chunk.add(page % PAGES_OF_CHUNK, item)) return false;
    this.#count += 1;
    this.#order = undefined;
    this.#expanded = undefined;
    return true;
  }

  /** Rows `from` to `to` (not included) of all, in the order in which they lie in the table: `(page,item)` each. */
  slice(from: number, to: number): string[] {
    const { numbers, before } = this.#ordered();
    const places: string[] = [];
    let at = Math.max(
      0,
      before.findLastIndex((count) => count <= from),
    );
    for (; at < numbers.length && before[at]! < to; at++) {
      const rows = this.#rowsOf(numbers[at]!);
      const first = numbers[at]! * PAGES_OF_CHUNK;
      for (const row of rows.subarray(Math.max(0, from - before[at]!), to - before[at]!)) {
        places.push(`(${first + (row >>> ITEM_BITS)},${row & ITEM_MASK})`);
      }
    }
    return places;
  }

  #rowsOf(number: number): Uint32Array {
    if (this.#expanded?.number !== number) this.#expanded = { number, rows: this.#chunks.get(number)!.rows() };
    return this.#expanded.rows;
  }

  /** Gives the memory back; nothing is in it any more. */
  clear(): void {
    for (const chunk of this.#chunks.values()) chunk.release();
    this.#chunks.clear();
    this.#count = 0;
    this.#order = undefined;
    this.#expanded = undefined;
  }

  #ordered() {
    if (this.#order === undefined) {
      const numbers = [...this.#chunks.keys()].toSorted((a, b) => a - b);
      let sum = 0;
      const before = numbers.map((number) => {
        const rowsBefore = sum;
        sum += this.#chunks.get(number)!.count;
        return rowsBefore;
      });
      this.#order = { numbers, before };
    }
    return this.#order;
  }
}

/** The rows of some pages: a sorted list, or a bitmap. */
class Chunk {
  readonly #budget: MemoryBudget;
  readonly #itemsOfPage: number;
  #list: Uint32Array | undefined = new Uint32Array(FIRST_CAPACITY);
  #bits: Uint8Array | undefined;
  count = 0;

  constructor(budget: MemoryBudget, itemsOfPage: number) {
    this.#budget = budget;
    this.#itemsOfPage = itemsOfPage;
    budget.take(CHUNK_OVERHEAD + this.#bytes);
  }

  get #bytes(): number {
    return (this.#list?.byteLength ?? 0) + (this.#bits?.byteLength ?? 0);
  }

  release(): void {
    this.#budget.take(-CHUNK_OVERHEAD - this.#bytes);
  }

  add(page: number, item: number): boolean {
    const isNew = this.#bits === undefined ? this.#addToList((page << ITEM_BITS) | item) : this.#setBit(page, item);
    if (isNew) this.count += 1;
    return isNew;
  }

  /** In order. */
  rows(): Uint32Array {
    if (this.#list !== undefined) return this.#list.subarray(0, this.count);
    const rows = new Uint32Array(this.count);
    let at = 0;
    for (let page = 0; page < PAGES_OF_CHUNK; page++) {
      for (let item = 1; item <= this.#itemsOfPage; item++) {
        if (this.#hasBit(page * this.#itemsOfPage + item - 1)) rows[at++] = (page << ITEM_BITS) | item;
      }
    }
    return rows;
  }

  #addToList(row: number): boolean {
    const list = this.#list!;
    const at = this.#placeOf(row);
    if (at < this.count && list[at] === row) return false;
    if (this.count === list.length) {
      if (this.#becomeBitmap()) return this.#setBit(row >>> ITEM_BITS, row & ITEM_MASK);
      this.#grow();
    }
    this.#list!.copyWithin(at + 1, at, this.count);
    this.#list![at] = row;
    return true;
  }

  /** Where in the list the row is, or belongs. Rows mostly come in their order. */
  #placeOf(row: number): number {
    const list = this.#list!;
    if (this.count === 0 || list[this.count - 1]! < row) return this.count;
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (list[middle]! < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const list = this.#list!;
    const larger = new Uint32Array(Math.ceil(list.length * 1.5));
    this.#budget.take(larger.byteLength - list.byteLength);
    larger.set(list);
    this.#list = larger;
  }

  /** Whether it is one now. */
  #becomeBitmap(): boolean {
    const list = this.#list!;
    const size = Math.ceil((PAGES_OF_CHUNK * this.#itemsOfPage) / 8);
    if (list.byteLength * 1.5 < size) return false;
    this.#budget.take(size - list.byteLength);
    this.#bits = new Uint8Array(size);
    for (const row of list) this.#setBit(row >>> ITEM_BITS, row & ITEM_MASK);
    this.#list = undefined;
    return true;
  }

  #hasBit(bit: number): boolean {
    return (this.#bits![bit >>> 3]! & (1 << (bit & 7))) !== 0;
  }

  #setBit(page: number, item: number): boolean {
    const bit = page * this.#itemsOfPage + item - 1;
    if (this.#hasBit(bit)) return false;
    this.#bits![bit >>> 3]! |= 1 << (bit & 7);
    return true;
  }
}
