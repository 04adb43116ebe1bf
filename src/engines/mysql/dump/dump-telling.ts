import { monotonic } from "../../../core/monotonic.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import type { SamplePlan } from "../../../ports/sample.ts";
import { sampleEvent } from "../../common/sample-event.ts";
import type { Relation } from "../objects/read-relations.ts";

/** Events are sent at most this often. */
const intervalMilliseconds = 100;

/** Tells what a dump does, and gathers what it warns of. */
export class DumpTelling {
  readonly warnings: string[] = [];
  readonly #sink: ProgressSink;
  #bytes = 0;
  #rows = 0;
  #objects = 0;
  #lastSent = 0;

  constructor(sink: ProgressSink) {
    this.#sink = sink;
  }

  phase(phase: string, message: string): void {
    this.#sink.emit({ event: "phase", phase, message });
  }

  warn(message: string, object?: string): void {
    this.warnings.push(message);
    this.#sink.emit({ event: "warning", message, ...(object === undefined ? {} : { object }) });
  }

  /** The rows begin. */
  begin(tables: readonly Relation[]): void {
    const sum = (of: (table: Relation) => number): number => tables.reduce((total, table) => total + of(table), 0);
    this.phase("data", "dumping tables");
    this.#sink.emit({
      event: "estimate",
      bytes: sum(({ bytes }) => bytes),
      rows: sum(({ rows }) => rows),
      objects: tables.length,
    });
  }

  /** What a sample will hold. */
  sample(plan: SamplePlan): void {
    this.#sink.emit(sampleEvent(plan));
  }

  objectStart(object: string): void {
    this.#sink.emit({ event: "object-start", object });
  }

  objectEnd(object: string, rows: number, bytes: number): void {
    this.#rows += rows;
    this.#objects++;
    this.#sink.emit({ event: "object-end", object, rows, bytes });
    this.addBytes(0);
  }

  addBytes(count: number): void {
    this.#bytes += count;
    const now = monotonic();
    if (now - this.#lastSent >= intervalMilliseconds) this.#send(now);
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
