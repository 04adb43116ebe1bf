/** Hashes of a row and of its key: good enough to find where two sets of rows differ, not to say that they are equal. */
export interface HashedRow {
  readonly key: number;
  readonly high: number;
  readonly low: number;
  /** The line without its end, when it is wanted and not too long; valid during the call only. */
  readonly line: Buffer | undefined;
}

const tab = 0x09;
const lineFeed = 0x0a;
const firstPrime = 0x0100_0193;
const secondPrime = 0x85eb_ca6b;
const start = 0x811c_9dc5;

/**
 * Tells the rows of COPY's text format apart, in pieces of any size. In it line feeds and tabs end rows and fields and
 * nothing else. Memory is that of the longest line that is kept.
 */
export class RowLines {
  readonly #isKey: readonly boolean[];
  readonly #kept: Buffer | undefined;
  readonly #onRow: (row: HashedRow) => void;
  #length = 0;
  #field = 0;
  #key = start;
  #high = start;
  #low = start;

  /**
   * @param isKey of each field, whether it belongs to the key
   * @param longest lines up to so many bytes are given to `onRow`; 0 for none
   */
  constructor(isKey: readonly boolean[], longest: number, onRow: (row: HashedRow) => void) {
    this.#isKey = isKey;
    this.#kept = longest === 0 ? undefined : Buffer.allocUnsafe(longest);
    this.#onRow = onRow;
  }

  push(piece: Uint8Array): void {
    let begin = 0;
    let [key, high, low, field] = [this.#key, this.#high, this.#low, this.#field];
    let isKey = this.#isKey[field] === true;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at]!;
      if (byte === lineFeed) {
        this.#keep(piece, begin, at);
        begin = at + 1;
        this.#onRow({ key: mixed(key), high: mixed(high), low: mixed(low), line: this.#line() });
        this.#length = 0;
        [key, high, low, field] = [start, start, start, 0];
        isKey = this.#isKey[0] === true;
        continue;
      }
      high = Math.imul(high ^ byte, firstPrime);
      low = Math.imul((low << 5) ^ (low >>> 27) ^ byte, secondPrime);
      if (isKey) key = Math.imul(key ^ byte, firstPrime);
      if (byte === tab) isKey = this.#isKey[++field] === true;
    }
    this.#keep(piece, begin, piece.length);
    [this.#key, this.#high, this.#low, this.#field] = [key, high, low, field];
  }

  #keep(piece: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (this.#kept !== undefined && this.#length + length <= this.#kept.length) {
      this.#kept.set(piece.subarray(from, to), this.#length);
    }
    this.#length += length;
  }

  #line(): Buffer | undefined {
    return this.#kept !== undefined && this.#length <= this.#kept.length
      ? this.#kept.subarray(0, this.#length)
      : undefined;
  }
}

/** Spreads what the last bytes changed over all bits. */
function mixed(hash: number): number {
  const a = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2_ae35);
  return (b ^ (b >>> 16)) >>> 0;
}
