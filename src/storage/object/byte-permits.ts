/** Lets callers take so many bytes of something together; who comes later waits. */
export class BytePermits {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Waits until there is room; more than the limit has room when nobody else holds any. */
  async take(bytes: number): Promise<void> {
    while (this.#taken > 0 && this.#taken + bytes > this.#limit) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
