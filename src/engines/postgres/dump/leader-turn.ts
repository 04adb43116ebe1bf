/** What the writer does itself with the leader's connection, when both have come to it: copying large objects. */
export class LeaderTurn {
  readonly #reached = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();

  constructor() {
    this.#reached.promise.catch(() => {});
  }

  /** Called by the leader: the connection is free. Resolves when it is given back. */
  async give(): Promise<void> {
    this.#reached.resolve();
    await this.#over.promise;
  }

  /** Called by the writer: runs `work` as soon as the connection is free. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    await this.#reached.promise;
    try {
      return await work();
    } finally {
      this.#over.resolve();
    }
  }

  fail(reason: unknown): void {
    this.#reached.reject(reason);
    this.#over.resolve();
  }
}
