/** Nothing is said before so many seconds were seen. */
const LEAST_SEEN_SECONDS = 0.5;
/** A table of which it is not known how far it is was never quite copied. */
const ALMOST = 0.95;

/** What a row has on a page and not as text: its header and its place in the page's list. */
const ROW_HEADER_BYTES = 28;
/** Even narrow rows are some text. */
const LEAST_TEXT = 0.3;

/** A table that is about to be written. */
export interface TableAhead {
  /** Bytes on the server's disk. */
  readonly estimated: number;
  /** As the server last counted them; 0 when it did not. */
  readonly rows: number;
  /** How much of it was written, when that is known. */
  readonly share: () => number | undefined;
}

/**
 * Estimates how long a dump will copy rows. What a table takes on the server's disk says how much work it is beside others,
 * and less how many bytes will come of it: so the time goes by the share of the tables that is done. Of a table that is
 * read in parts it is known how many are; of others the bytes are taken, at the measure of those before.
 */
export class DumpTimeLeft {
  readonly #total: number;
  readonly #now: () => number;
  readonly #start: number;
  /** Estimated and real bytes of the tables that are done. */
  #estimated = 0;
  #real = 0;
  #current: (TableAhead & { real: number }) | undefined;

  /**
   * @param total estimated bytes of all tables
   * @param now seconds that only grow
   */
  constructor(total: number, now: () => number) {
    this.#total = total;
    this.#now = now;
    this.#start = now();
  }

  /** The next table is written. */
  begin(table: TableAhead): void {
    this.#current = { ...table, real: 0 };
  }

  addBytes(count: number): void {
    if (this.#current !== undefined) this.#current.real += count;
  }

  end(): void {
    if (this.#current === undefined) return;
    this.#estimated += this.#current.estimated;
    this.#real += this.#current.real;
    this.#current = undefined;
  }

  /** Undefined as long as nothing is known. */
  get seconds(): number | undefined {
    const elapsed = this.#now() - this.#start;
    const done = this.#estimated + this.#ofCurrent();
    if (done <= 0 || elapsed < LEAST_SEEN_SECONDS) return undefined;
    return (elapsed * Math.max(0, this.#total - done)) / done;
  }

  #ofCurrent(): number {
    if (this.#current === undefined) return 0;
    const { estimated, rows, real, share } = this.#current;
    const known = share();
    if (known !== undefined) return estimated * known;
    const guess = Math.max(LEAST_TEXT, 1 - (rows * ROW_HEADER_BYTES) / Math.max(1, estimated));
    const measure = this.#estimated > 0 && this.#real > 0 ? this.#real / this.#estimated : guess;
    return Math.min(estimated * ALMOST, real / measure);
  }
}
