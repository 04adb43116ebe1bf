/** As much as a reader of scripts may have read ahead of what it gives, and some. */
const keptBytes = 2 * 1024 * 1024;

/** The last bytes that passed, to look back at what a reader has left out of them. */
export class PassedText {
  readonly #kept = Buffer.alloc(keptBytes);
  /** Bytes that passed in all. */
  #passed = 0;

  /** The same bytes. */
  async *pass(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      this.#keep(piece);
      yield piece;
    }
  }

  /** At most `length` bytes from this position on, as binary string; empty when they are gone. */
  at(position: number, length: number): string {
    if (position < this.#passed - keptBytes) return "";
    const end = Math.min(position + length, this.#passed);
    const [from, to] = [position % keptBytes, end % keptBytes];
    if (end <= position) return "";
    if (from < to) return this.#kept.toString("latin1", from, to);
    return this.#kept.toString("latin1", from) + this.#kept.toString("latin1", 0, to);
  }

  #keep(piece: Uint8Array): void {
    const last = piece.subarray(Math.max(0, piece.length - keptBytes));
    const from = (this.#passed + piece.length - last.length) % keptBytes;
    const first = last.subarray(0, keptBytes - from);
    this.#kept.set(first, from);
    this.#kept.set(last.subarray(first.length), 0);
    this.#passed += piece.length;
  }
}
