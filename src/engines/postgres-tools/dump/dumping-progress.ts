import { monotonic } from "../../../core/monotonic.ts";
import type { ProgressSink } from "../../../ports/progress.ts";

const EVERY_MS = 100;
const tableLine = /^dumping contents of (?:partition root )?table "(?<table>.*)"$/;

/** What can be seen of a pg_dump at work: bytes, and the tables that it begins. */
export class DumpingProgress {
  readonly #sink: ProgressSink;
  #bytes = 0;
  #objects = 0;
  #saidAt = 0;

  constructor(sink: ProgressSink) {
    this.#sink = sink;
  }

  /** A line of `--verbose`. */
  says(text: string): void {
    const table = tableLine.exec(text)?.groups?.["table"];
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

  checking(): void {
    this.#sink.emit({ event: "phase", phase: "read-back", message: "reading what pg_dump wrote" });
  }
}
