/**
 * Bytes that pass somebody on their way: a producer hands pieces over, and goes on when a reader beside the main way is
 * done with each. The reader may leave early; then the pieces only pass.
 */
export class PassingBytes {
  #piece: Uint8Array | undefined;
  #isOver = false;
  #hasLeft = false;
  #wakeReader = (): void => {};
  #wakeWriter = (): void => {};

  /** Resolves when the reader is done with the piece, or gone. Calls must not overlap. */
  async write(piece: Uint8Array): Promise<void> {
    if (this.#hasLeft || piece.length === 0) return;
    const taken = new Promise<void>((resolve) => {
      this.#wakeWriter = resolve;
    });
    this.#piece = piece;
    this.#wakeReader();
    await taken;
  }

  /** Nothing more comes. */
  end(): void {
    this.#isOver = true;
    this.#wakeReader();
  }

  /** The reader wants no more. */
  leave(): void {
    this.#hasLeft = true;
    this.#wakeWriter();
  }

  /** All pieces, once, each valid until the next is asked for. */
  async *read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const piece = this.#piece;
        if (piece !== undefined) {
          yield piece;
          this.#piece = undefined;
          this.#wakeWriter();
        } else if (this.#isOver) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
        }
      }
    } finally {
      this.leave();
    }
  }
}
