/** Who works beside others and writes when it is its turn: places count from 0, without gaps. */
export class Turns {
  #now = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #failure: { readonly reason: unknown } | undefined;

  /** Resolves when all places before this one have ended. */
  async until(place: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.reason;
    if (place <= this.#now) return;
    const waiting = this.#waiting.get(place) ?? Promise.withResolvers<void>();
    this.#waiting.set(place, waiting);
    await waiting.promise;
  }

  end(place: number): void {
    if (place !== this.#now) throw new Error("a turn that had not come is over");
    this.#now++;
    this.#waiting.get(this.#now)?.resolve();
    this.#waiting.delete(this.#now);
  }

  /** Nobody's turn comes any more. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    for (const { promise, reject } of this.#waiting.values()) {
      promise.catch(() => {}); // Whoever waits may have failed meanwhile.
      reject(this.#failure.reason);
    }
    this.#waiting.clear();
  }
}
