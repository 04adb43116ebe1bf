/**
 * How many compression jobs may run at once, for all streams together. A slot is held only while the thread pool works,
 * never while output waits: a stream whose output must wait for another stream's end cannot keep that one from running,
 * and a stream that fails or is dropped holds nothing.
 */
export class JobSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Runs `job` when a slot is free, first come first served. */
  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await job();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
