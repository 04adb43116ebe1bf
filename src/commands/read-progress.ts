import { monotonic } from "../core/monotonic.ts";
import type { ProgressSink } from "../ports/progress.ts";

const INTERVAL_MS = 100;

/** Tells how many stored bytes have been read. */
export class ReadProgress {
  readonly #sink: ProgressSink;
  #bytes = 0;
  #lastSent = 0;

  constructor(sink: ProgressSink, phase: string, message: string, totalBytes: number | undefined) {
    this.#sink = sink;
    sink.emit({ event: "phase", phase, message });
    if (totalBytes !== undefined) sink.emit({ event: "estimate", bytes: totalBytes, rows: 0, objects: 0 });
  }

  add(count: number): void {
    this.#bytes += count;
    const now = monotonic();
    if (now - this.#lastSent < INTERVAL_MS) return;
    this.#lastSent = now;
    this.end();
  }

  /** The final sum. */
  end(): void {
    this.#sink.emit({ event: "progress", bytes: this.#bytes, rows: 0, objects: 0 });
  }
}
