import { printable } from "../../../core/printable.ts";
import type { ProgressEvent } from "../../../ports/progress.ts";
import { formatBytes, formatDuration } from "../amounts.ts";
import { sampleLines } from "../sample-lines.ts";
import { ProgressState } from "./progress-state.ts";
import type { ProgressView } from "./progress-view.ts";

/** Often enough to see that it lives, seldom enough for a log of hours. */
const LINE_EVERY_MS = 5000;

/** A line for each phase, one for how much it will be, and one every few seconds. */
export class PlainView implements ProgressView {
  readonly #write: (line: string) => void;
  readonly #state: ProgressState;
  readonly #now: () => number;
  #printedAt = 0;

  constructor(write: (line: string) => void, now: () => number) {
    this.#write = write;
    this.#state = new ProgressState(now);
    this.#now = now;
  }

  show(event: ProgressEvent): void {
    this.#state.take(event);
    if (event.event === "phase") {
      this.#print(this.#state.message);
    } else if (event.event === "sample") {
      for (const line of sampleLines(event)) this.#print(line);
    } else if (event.event === "estimate" && event.bytes > 0) {
      const least = event.least_seconds === undefined ? "" : `, at least ${formatDuration(event.least_seconds)}`;
      this.#print(`${this.#state.message}: about ${formatBytes(event.bytes)}${least}`);
    } else if (event.event === "progress" && this.#now() - this.#printedAt >= LINE_EVERY_MS) {
      const { message, share, amounts } = this.#state;
      const known = [share === undefined ? "" : `${Math.floor(share * 100)} %`, amounts].filter(Boolean).join(", ");
      // Nothing is known while one long statement runs.
      this.#print(known === "" ? `${message}: still at it` : `${message}: ${known}`);
    }
  }

  #print(line: string): void {
    this.#printedAt = this.#now();
    this.#write(`dbbackup: ${printable(line)}\n`);
  }

  clear(): void {}

  end(): void {}
}
