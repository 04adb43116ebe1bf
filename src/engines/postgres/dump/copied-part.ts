import type { RowTotals } from "../../../core/row-totals.ts";
import type { ColumnKind } from "../../../wire/postgres/column-kind.ts";
import type { BlockReceiver } from "../../../wire/postgres/copy-out-scanner.ts";

/**
 * The rows of one COPY between the lane that reads them and the writer, who may not be that far yet. What waits here lies
 * in the lane's own blocks, so a lane stops reading by itself when it is too far ahead.
 */
export class CopiedPart implements BlockReceiver {
  readonly sql: string;
  /** How its columns come, when it is a COPY in binary format. */
  readonly binary: readonly ColumnKind[] | undefined;
  readonly #blocks: Buffer[] = [];
  #isBusy = false;
  #totals: RowTotals | undefined;
  #failure: { readonly reason: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(sql: string, binary: readonly ColumnKind[] | undefined) {
    this.sql = sql;
    this.binary = binary;
  }

  get isIdle(): boolean {
    return !this.#isBusy && this.#blocks.length === 0;
  }

  push(block: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
    this.#blocks.push(block);
    this.#wake?.();
  }

  end(totals: RowTotals): void {
    this.#totals = totals;
    this.#wake?.();
  }

  /** From now on nothing comes out or goes in; the blocks that waited go to `drop`. The first reason counts. */
  fail(reason: unknown, drop: (block: Buffer) => void): void {
    this.#failure ??= { reason };
    for (const block of this.#blocks.splice(0)) drop(block);
    this.#wake?.();
  }

  /** Gives all blocks to `take`, one after another, and answers when the COPY has ended. Whatever failed it is thrown. */
  async drain(take: (block: Buffer) => Promise<void>): Promise<RowTotals> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.reason;
      const block = this.#blocks.shift();
      if (block !== undefined) {
        this.#isBusy = true;
        await take(block);
        this.#isBusy = false;
      } else if (this.#totals !== undefined) return this.#totals;
      else await this.#untilWoken();
    }
  }

  async #untilWoken(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
  }
}
