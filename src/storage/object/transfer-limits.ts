import { setTimeout as sleep } from "node:timers/promises";
import { monotonic } from "../../core/monotonic.ts";
import type { TransferLimitWishes } from "../../ports/services.ts";

/** What all repositories of a process may take of the network together. */
export class TransferLimits {
  readonly #bytesPerMs: number;
  readonly #signal: AbortSignal;
  /** When all that was let pass would have passed at exactly the rate. */
  #paidUntil = 0;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor({ bytesPerSecond, connections, signal }: TransferLimitWishes) {
    this.#bytesPerMs = (bytesPerSecond ?? Number.POSITIVE_INFINITY) / 1000;
    this.#free = connections ?? Number.POSITIVE_INFINITY;
    this.#signal = signal;
  }

  /** Waits until so many bytes may go, in the order of the calls. Once the process is asked to end nobody waits. */
  async pass(bytes: number): Promise<void> {
    const now = monotonic();
    const from = Math.max(this.#paidUntil, now);
    this.#paidUntil = from + bytes / this.#bytesPerMs;
    // Timers are no finer.
    if (from - now >= 1) await sleep(from - now, undefined, { signal: this.#signal }).catch(() => {});
  }

  /** Makes a request when fewer than the limit are being made, in the order of the calls. */
  async within<R>(ask: () => Promise<R>): Promise<R> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await ask();
    } finally {
      // Whoever waits has the place of the one that ends.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
