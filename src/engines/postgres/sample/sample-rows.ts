import { referenceLevels } from "./reference-levels.ts";
import type { RowSet } from "./row-set.ts";
import type { Reference, SampledHeap } from "./sampled-heap.ts";

/** Rows that are in the sample, and whose references were not looked at yet, by OID of their table. */
export type PendingRows = Map<number, RowSet>;

/** The rows of a sample as they are found. */
export class SampleRows {
  readonly heaps: ReadonlyMap<number, SampledHeap>;
  /** Foreign keys by OID of their table. */
  readonly references: ReadonlyMap<number, readonly Reference[]>;
  readonly #emptySet: () => RowSet;
  readonly #levels: ReadonlyMap<number, number>;
  readonly #pending: PendingRows = new Map();
  #count = 0;

  constructor(heaps: ReadonlyMap<number, SampledHeap>, references: readonly Reference[], emptySet: () => RowSet) {
    this.heaps = heaps;
    this.#levels = referenceLevels(references.map(({ from, targets }) => ({ from: from.oid, to: targets })));
    this.references = Map.groupBy(references, ({ from }) => from.oid);
    this.#emptySet = emptySet;
  }

  get count(): number {
    return this.#count;
  }

  /** A row is in the sample. @throws BackupError UNSUPPORTED_OBJECT when there are too many */
  readonly add = (table: number, page: number, item: number): void => {
    const heap = this.heaps.get(table);
    if (heap === undefined) throw new Error(`a row of table ${table}, which is not sampled`);
    if (!heap.rows.add(page, item)) return;
    this.#count += 1;
    if (!this.references.has(table)) return;
    let rows = this.#pending.get(table);
    if (rows === undefined) {
      rows = this.#emptySet();
      this.#pending.set(table, rows);
    }
    rows.add(page, item);
  };

  /** Those of a table that came so far are looked after elsewhere. */
  dropPending(table: number): void {
    this.#pending.get(table)?.clear();
    this.#pending.delete(table);
  }

  /**
   * Rows whose references can be looked at now: those of tables to which no other pending rows lead, as far as that can be.
   * Empty when there are none.
   */
  takePending(): PendingRows {
    const levelOf = (table: number): number => this.#levels.get(table) ?? Number.POSITIVE_INFINITY;
    const least = [...this.#pending.keys()].map(levelOf).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const taken = new Map([...this.#pending].filter(([table]) => levelOf(table) === least));
    for (const table of taken.keys()) this.#pending.delete(table);
    return taken;
  }
}
