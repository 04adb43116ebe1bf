import { monotonic } from "../../../core/monotonic.ts";
import type { ProgressSink } from "../../../ports/progress.ts";

const intervalMs = 100;

/** Sums of what of a script was run, told now and then; tables by the rows that come into them. */
export class ScriptProgress {
  readonly #sink: ProgressSink;
  /** Bytes of the script that were read. */
  bytes = 0;
  rows = 0;
  #statements = 0;
  #told = 0;
  #table: string | undefined;
  #ofTable = { rows: 0, from: 0 };

  constructor(sink: ProgressSink) {
    this.#sink = sink;
  }

  phase(phase: string, message: string): void {
    this.#sink.emit({ event: "phase", phase, message });
  }

  /** Rows come into this table from here on. */
  begin(table: string): void {
    if (table === this.#table) return;
    this.#endTable();
    this.#table = table;
    this.#ofTable = { rows: 0, from: this.bytes };
    this.#sink.emit({ event: "object-start", object: table });
  }

  readTo(offset: number): void {
    this.bytes = offset;
  }

  /** A statement was run. */
  ran(rows: number): void {
    this.#statements += 1;
    this.rows += rows;
    this.#ofTable.rows += rows;
    if (monotonic() - this.#told >= intervalMs) this.#emit();
  }

  /** The script is over. */
  tell(): void {
    this.#endTable();
    this.#emit();
  }

  #endTable(): void {
    if (this.#table === undefined) return;
    const { rows, from } = this.#ofTable;
    this.#sink.emit({ event: "object-end", object: this.#table, rows, bytes: this.bytes - from });
    this.#table = undefined;
  }

  #emit(): void {
    this.#told = monotonic();
    this.#sink.emit({ event: "progress", bytes: this.bytes, rows: this.rows, objects: this.#statements });
  }
}
