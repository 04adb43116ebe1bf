/**
 * Gives one after another what comes in pieces. An asynchronous generator would do the same and take three times as long for each, of
 * which there may be hundreds of thousands. To be read by one reader, which waits for each.
 */
export class OneByOne<T> implements AsyncIterableIterator<T> {
  readonly #pieces: AsyncGenerator<readonly T[]>;
  #piece: readonly T[] = [];
  #at = 0;

  constructor(pieces: AsyncGenerator<readonly T[]>) {
    this.#pieces = pieces;
  }

  /** All that is not given yet, as it came. */
  pieces(): AsyncIterable<readonly T[]> {
    return this.#pieces;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#at === this.#piece.length) return this.#nextPiece();
    return Promise.resolve({ done: false, value: this.#piece[this.#at++]! });
  }

  async return(): Promise<IteratorResult<T>> {
    this.#piece = [];
    this.#at = 0;
    await this.#pieces.return(undefined);
    return { done: true, value: undefined };
  }

  async #nextPiece(): Promise<IteratorResult<T>> {
    do {
      const { done, value } = await this.#pieces.next();
      this.#at = 0;
      this.#piece = done === true ? [] : value;
      if (done === true) return { done, value: undefined };
    } while (this.#piece.length === 0);
    return await this.next();
  }
}
