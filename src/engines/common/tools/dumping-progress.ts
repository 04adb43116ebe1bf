import { monotonic } from "../../../core/monotonic.ts";
import type { ProgressSink } from "../../../ports/progress.ts";

const EVERY_MS = 100;

/** What can be seen of a dump program at work: bytes, and the tables that it begins. */
export class DumpingProgress {
  readonly #sink: ProgressSink;
  readonly #tableLine: RegExp;
  #bytes = 0;
  #objects = 0;
  #saidAt = 0;

  /** @param tableLine what it says when it begins a table, with a group `table` */
  constructor(sink: ProgressSink, tableLine: RegExp) {
    this.#sink = sink;
    this.#tableLine = tableLine;
  }

  /** A line of `--verbose`. */
  says(text: string): void {
    const table = this.#tableLine.exec(text)?.groups?.["table"];
    if (table === undefined) return;
    this.#objects++;
    this.#sink.emit({ event: "object-start", object: table });
  }

  passed(count: number): void {
    this.reached(this.#bytes + count);
  }

  reached(bytes: number): void {
    this.#bytes = bytes;
    const now = monotonic();
    if (now - this.#saidAt < EVERY_MS) return;
    this.#saidAt = now;
    // Rows are counted by whoever reads them, at the end.
    this.#sink.emit({ event: "progress", bytes, rows: 0, objects: this.#objects });
  }
}
