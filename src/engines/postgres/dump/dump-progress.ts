import { monotonic } from "../../../core/monotonic.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import type { DumpTimeLeft, TableAhead } from "./dump-time-left.ts";

/** Events are sent at most this often, so that a fast dump does not spend its time telling about itself. */
const intervalMilliseconds = 100;

/** Sums up what was dumped and tells it now and then. */
export class DumpProgress {
  readonly #sink: ProgressSink;
  #bytes = 0;
  #rows = 0;
  #objects = 0;
  #lastSent = 0;
  /** Known when it is known what there is to do. */
  readonly #timeLeft: DumpTimeLeft | undefined;

  constructor(sink: ProgressSink, timeLeft?: DumpTimeLeft) {
    this.#sink = sink;
    this.#timeLeft = timeLeft;
  }

  /** See {@link DumpTimeLeft.begin}. */
  tableBegins(table: TableAhead): void {
    this.#timeLeft?.begin(table);
  }

  addBytes(count: number): void {
    this.#bytes += count;
    this.#timeLeft?.addBytes(count);
    const now = monotonic();
    if (now - this.#lastSent >= intervalMilliseconds) this.#send(now);
  }

  objectDone(rows: number): void {
    this.#rows += rows;
    this.#objects += 1;
    this.#timeLeft?.end();
    this.addBytes(0);
  }

  /** The final sums. */
  end(): void {
    this.#send(monotonic());
  }

  #send(now: number): void {
    this.#lastSent = now;
    const seconds = this.#timeLeft?.seconds;
    const left = seconds === undefined ? {} : { seconds_left: Math.round(seconds * 10) / 10 };
    this.#sink.emit({ event: "progress", bytes: this.#bytes, rows: this.#rows, objects: this.#objects, ...left });
  }
}
