import { joinRowTotals, noRows, type RowTotals } from "../../../core/row-totals.ts";
import type { ColumnKind } from "../../../wire/postgres/column-kind.ts";
import { CopiedPart } from "./copied-part.ts";

/** So many parts tell how much of a table is done. */
const LEAST_PARTS = 8;

/**
 * A table that is read by one COPY after another. A part exists from when a lane begins it or the writer waits for it until
 * it is written: a table of a terabyte has half a million of them.
 */
export class TableParts {
  readonly count: number;
  readonly #sqlOf: (index: number) => string;
  readonly #binary: readonly ColumnKind[] | undefined;
  readonly #present = new Map<number, CopiedPart>();
  #begun = 0;
  #drained = 0;
  #failure: { readonly reason: unknown; readonly drop: (block: Buffer) => void } | undefined;

  /**
   * @param sqlOf the COPY of a part; all of them, in order, give all rows.
   * @param binary how the columns come, when those are COPYs in binary format
   */
  constructor(count: number, sqlOf: (index: number) => string, binary?: readonly ColumnKind[]) {
    this.count = count;
    this.#binary = binary;
    this.#sqlOf = sqlOf;
  }

  /** How much of the table the writer has; undefined for a table of few parts, whose own share is too much. */
  get share(): number | undefined {
    return this.count < LEAST_PARTS ? undefined : this.#drained / this.count;
  }

  /** For lanes: the first part that nobody has begun. */
  begin(): CopiedPart | undefined {
    return this.#begun < this.count ? this.#part(this.#begun++) : undefined;
  }

  /** For the writer: gives all blocks of the table to `take`, in order. Whatever failed a part is thrown. */
  async drain(take: (block: Buffer) => Promise<void>): Promise<RowTotals> {
    let totals = noRows;
    for (let index = 0; index < this.count; index++) {
      const ofPart = await this.#part(index).drain(take);
      this.#present.delete(index);
      this.#drained += 1;
      totals = joinRowTotals([totals, ofPart]);
    }
    return totals;
  }

  /** Fails all parts that are not written; nothing can be begun any more. */
  fail(reason: unknown, drop: (block: Buffer) => void): void {
    this.#failure ??= { reason, drop };
    this.#begun = this.count;
    for (const part of this.#present.values()) part.fail(reason, drop);
  }

  #part(index: number): CopiedPart {
    const present = this.#present.get(index);
    if (present !== undefined) return present;
    const part = new CopiedPart(this.#sqlOf(index), this.#binary);
    if (this.#failure !== undefined) part.fail(this.#failure.reason, this.#failure.drop);
    this.#present.set(index, part);
    return part;
  }
}
