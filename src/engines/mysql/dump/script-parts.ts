import type { EvenRanges } from "./plan-ranges.ts";
import { ServerWait, type WaitForServer } from "./server-wait.ts";

export interface PartedTable {
  readonly ranges: EvenRanges;
}

/** Ranges of a table that one session reads with one query. */
export interface ScriptPart<Table extends PartedTable> {
  /** Among all parts of all tables. */
  readonly place: number;
  readonly of: Table;
  /** Of the first range. */
  readonly index: number;
  /** Of the first range behind them. */
  readonly end: number;
}

/** One session alone reads so many ranges at a time, and then sees anew whether others would help. */
const rangesAlone = 32;

/**
 * Hands out the tables of a script in their order. The first session begins alone: others share the work from when on it turns
 * out that servers are what is waited for. Until then it reads more at a time, since small parts cost servers more.
 */
export class ScriptParts<Table extends PartedTable> {
  readonly #tables: readonly Table[];
  readonly #wait: WaitForServer;
  readonly #shared = Promise.withResolvers<void>();
  #isShared = false;
  #table = 0;
  #index = 0;
  #place = 0;

  constructor(tables: readonly Table[], wait: WaitForServer = new ServerWait()) {
    this.#tables = tables;
    this.#wait = wait;
  }

  /** For sessions beside the first. There may be nothing left. */
  async untilShared(): Promise<void> {
    await this.#shared.promise;
  }

  /** Nobody takes anything any more. */
  stop(): void {
    this.#table = this.#tables.length;
    this.#shared.resolve();
  }

  take(): ScriptPart<Table> | undefined {
    const of = this.#tables[this.#table];
    if (of === undefined) {
      this.#shared.resolve();
      return undefined;
    }
    if (!this.#isShared && this.#place > 0 && this.#wait.isLong()) {
      this.#isShared = true;
      this.#shared.resolve();
    }
    const isAlone = !this.#isShared && this.#place > 0 && of.ranges.between !== undefined;
    const index = this.#index;
    const end = Math.min(of.ranges.count, index + (isAlone ? rangesAlone : 1));
    this.#index = end === of.ranges.count ? 0 : end;
    if (end === of.ranges.count) this.#table += 1;
    return { place: this.#place++, of, index, end };
  }
}
