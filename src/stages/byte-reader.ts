/** Reads a source of pieces by counts of bytes. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next bytes, at least one and at most `limit`, as a view of the source's piece; undefined at the end. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.#piece.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#piece = next.value;
    }
    const taken = this.#piece.subarray(0, limit);
    this.#piece = this.#piece.subarray(taken.length);
    return taken;
  }

  /** Fills `target`; answers how many bytes there were: less than its length only at the end. */
  async fill(target: Uint8Array): Promise<number> {
    let done = 0;
    while (done < target.length) {
      const bytes = await this.some(target.length - done);
      if (bytes === undefined) break;
      target.set(bytes, done);
      done += bytes.length;
    }
    return done;
  }

  /** Ends the source, whether it was read to its end or not. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
