import { monotonic } from "../../../core/monotonic.ts";
import type { ProgressSink } from "../../../ports/progress.ts";

/** Events are sent at most this often, so that a fast dump does not spend its time telling about itself. */
const intervalMilliseconds = 100;

/** Sums up what was dumped and tells it now and then. */
export class DumpProgress {
  readonly #sink: ProgressSink;
  #bytes = 0;
  #rows = 0;
  #objects = 0;
  #lastSent = 0;

  constructor(sink: ProgressSink) {
    this.#sink = sink;
  }

  addBytes(count: number): void {
    this.#bytes += count;
    const now = monotonic();
    if (now - this.#lastSent >= intervalMilliseconds) this.#send(now);
  }

  objectDone(rows: number): void {
    this.#rows += rows;
    this.#objects += 1;
    this.addBytes(0);
  }

  /** The final sums. */
  end(): void {
    this.#send(monotonic());
  }

  #send(now: number): void {
    this.#lastSent = now;
    this.#sink.emit({ event: "progress", bytes: this.#bytes, rows: this.#rows, objects: this.#objects });
  }
}
