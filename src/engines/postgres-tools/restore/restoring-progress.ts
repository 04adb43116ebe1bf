import { monotonic } from "../../../core/monotonic.ts";
import type { ProgressSink } from "../../../ports/progress.ts";

const EVERY_MS = 100;
const dataLine = /^processing data for (?:partition root )?table "(?<table>.*)"$/;
const entryLine = /^(?:creating|executing|processing data for) /;

/** What can be seen of a restore by a tool: the entries that it says it is at, the bytes of a script. */
export class RestoringProgress {
  readonly #sink: ProgressSink;
  #objects = 0;
  #bytes = 0;
  #saidAt = 0;

  constructor(sink: ProgressSink) {
    this.#sink = sink;
  }

  begin(message: string): void {
    this.#sink.emit({ event: "phase", phase: "restore", message });
  }

  /** A line of `--verbose`. */
  says(text: string): void {
    const table = dataLine.exec(text)?.groups?.["table"];
    if (table !== undefined) this.#sink.emit({ event: "object-start", object: table });
    if (!entryLine.test(text)) return;
    this.#objects++;
    this.#tell();
  }

  passed(bytes: number): void {
    this.#bytes += bytes;
    this.#tell();
  }

  #tell(): void {
    const now = monotonic();
    if (now - this.#saidAt < EVERY_MS) return;
    this.#saidAt = now;
    this.#sink.emit({ event: "progress", bytes: this.#bytes, rows: 0, objects: this.#objects });
  }
}
