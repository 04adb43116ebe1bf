/** Pieces of one stream that are made beside each other and leave in order. */
export class PieceQueue {
  readonly #output: (piece: Buffer) => Promise<void>;
  readonly #limit: number;
  #pending = 0;
  #last: Promise<void> = Promise.resolve();
  #failure: { readonly reason: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** @param limit how many pieces may be in the making or wait to leave. */
  constructor(output: (piece: Buffer) => Promise<void>, limit: number) {
    this.#output = output;
    this.#limit = limit;
  }

  /** Adds the next piece; resolves when there is room for another. The failure of an earlier one rejects. */
  async add(piece: Promise<Buffer>): Promise<void> {
    this.#pending++;
    // Its turn may come late; until then a failure must not count as unhandled.
    piece.catch(() => undefined);
    this.#last = this.#last
      .then(async () => {
        const bytes = await piece;
        if (this.#failure === undefined && bytes.length > 0) await this.#output(bytes);
      })
      .catch((reason: unknown) => {
        this.#failure ??= { reason };
      })
      .finally(() => {
        this.#pending--;
        this.#wake?.();
      });
    while (this.#pending >= this.#limit && this.#failure === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    this.throwIfFailed();
  }

  /** Resolves when all pieces have left. */
  async finish(): Promise<void> {
    await this.#last;
    this.throwIfFailed();
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }
}
