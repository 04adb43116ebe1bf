import { monotonic } from "../../../core/monotonic.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import type { TimeLeft } from "./time-left.ts";

const intervalMs = 100;

/** Sums of what was restored, told now and then. */
export class RestoreProgress {
  readonly #sink: ProgressSink;
  #told = 0;
  bytes = 0;
  rows = 0;
  objects = 0;
  /** Known when it is known what there is to do. */
  timeLeft: TimeLeft | undefined;

  constructor(sink: ProgressSink) {
    this.#sink = sink;
  }

  phase(phase: string, message: string): void {
    this.#sink.emit({ event: "phase", phase, message });
  }

  start(object: string): void {
    this.#sink.emit({ event: "object-start", object });
  }

  end(object: string, rows: number, bytes: number): void {
    this.rows += rows;
    this.#sink.emit({ event: "object-end", object, rows, bytes });
    this.tell();
  }

  addBytes(count: number): void {
    this.bytes += count;
    const now = monotonic();
    if (now - this.#told >= intervalMs) this.tell();
  }

  addObject(): void {
    this.objects += 1;
    if (monotonic() - this.#told >= intervalMs) this.tell();
  }

  tell(): void {
    this.#told = monotonic();
    const seconds = this.timeLeft?.seconds;
    const left = seconds === undefined ? {} : { seconds_left: Math.round(seconds * 10) / 10 };
    this.#sink.emit({ event: "progress", bytes: this.bytes, rows: this.rows, objects: this.objects, ...left });
  }
}
