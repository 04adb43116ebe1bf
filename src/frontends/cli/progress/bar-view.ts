import type { WriteStream } from "node:tty";
import { printable } from "../../../core/printable.ts";
import type { ProgressEvent } from "../../../ports/progress.ts";
import { sampleLines } from "../sample-lines.ts";
import { ProgressState } from "./progress-state.ts";
import type { ProgressView } from "./progress-view.ts";

const REDRAW_MS = 100;
const BAR_CELLS = 20;
const DEFAULT_COLUMNS = 80;

/** One line on a terminal, drawn over again and gone at the end. */
export class BarView implements ProgressView {
  readonly #stream: Pick<WriteStream, "write" | "columns">;
  readonly #state: ProgressState;
  readonly #now: () => number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #isDrawn = false;

  constructor(stream: Pick<WriteStream, "write" | "columns">, now: () => number) {
    this.#stream = stream;
    this.#state = new ProgressState(now);
    this.#now = now;
  }

  show(event: ProgressEvent): void {
    this.#state.take(event);
    if (event.event === "sample") {
      this.clear();
      for (const line of sampleLines(event)) this.#stream.write(`dbbackup: ${printable(line)}\n`);
    }
    if (event.event !== "phase" && this.#now() - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = this.#now();
    this.clear();
    this.#stream.write(this.#line());
    this.#isDrawn = true;
  }

  #line(): string {
    const { message, amounts, share } = this.#state;
    const parts = [printable(message)];
    if (share !== undefined) {
      const full = Math.round(share * BAR_CELLS);
      parts.push(`[${"#".repeat(full)}${".".repeat(BAR_CELLS - full)}] ${Math.floor(share * 100)} %`);
    }
    if (amounts !== "") parts.push(amounts);
    // One column less than there are: a full line makes some terminals wrap.
    return parts.join("  ").slice(0, (this.#stream.columns || DEFAULT_COLUMNS) - 1);
  }

  clear(): void {
    if (!this.#isDrawn) return;
    this.#stream.write("\r\u001b[K");
    this.#isDrawn = false;
  }

  end(): void {
    this.clear();
  }
}
