import { setTimeout as sleep } from "node:timers/promises";
import { monotonic } from "../../../core/monotonic.ts";

/** How much may pass at once after a pause, in time: what a slow moment left over is not made up for. */
const BURST_SECONDS = 0.1;

/** Keeps what all connections of a dump read together below a rate, by letting them wait after what they have read. */
export class RateLimit {
  readonly #bytesPerMs: number;
  readonly #signal: AbortSignal;
  /** When all that passed so far would have passed at exactly the rate. */
  #paidUntil = 0;

  /**
   * @param bytesPerSecond above 0
   * @param signal ends all waiting; that it was aborted is for others to say
   */
  constructor(bytesPerSecond: number, signal: AbortSignal) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#signal = signal;
  }

  /** Notes that `count` bytes were read. Answers what to wait for before more are, if anything. */
  passed(count: number): Promise<void> | undefined {
    const now = monotonic();
    this.#paidUntil = Math.max(this.#paidUntil, now - BURST_SECONDS * 1000) + count / this.#bytesPerMs;
    const early = this.#paidUntil - now;
    // Timers are no finer.
    return early < 1 ? undefined : this.#wait(early);
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal }).catch(() => {});
  }

  /** How long so many bytes take at least. */
  secondsFor(bytes: number): number {
    return Math.ceil(bytes / this.#bytesPerMs / 1000);
  }
}
