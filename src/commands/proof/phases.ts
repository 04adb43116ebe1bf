import type { Clock } from "../../ports/clock.ts";
import type { ProgressSink } from "../../ports/progress.ts";

/** Measures the phases of a command, and tells when they begin. */
export class Phases {
  readonly #clock: Clock;
  readonly #progress: ProgressSink;
  readonly #began: number;
  readonly #all: { phase: string; seconds: number }[] = [];

  constructor(clock: Clock, progress: ProgressSink) {
    this.#clock = clock;
    this.#progress = progress;
    this.#began = clock.monotonic();
  }

  /** Those that have ended, in their order; to a millisecond. */
  get all(): readonly { readonly phase: string; readonly seconds: number }[] {
    return this.#all;
  }

  /** Since the beginning. */
  get seconds(): number {
    return this.#since(this.#began);
  }

  /** A phase that fails counts, too. */
  async run<T>(phase: string, message: string, task: () => Promise<T>): Promise<T> {
    this.#progress.emit({ event: "phase", phase, message });
    const began = this.#clock.monotonic();
    try {
      return await task();
    } finally {
      this.#all.push({ phase, seconds: this.#since(began) });
    }
  }

  #since(began: number): number {
    return Math.round(this.#clock.monotonic() - began) / 1000;
  }
}
