import { hash } from "node:crypto";
import { crc32 } from "node:zlib";

/** How many parts the rows of a table are summed up in, so that few have to be looked at when some differ. */
export const bucketCount = 4096;
/** Four 32-bit words of each digest are summed; a double holds 2^21 of them exactly. */
const words = 4;
const mostBeforeFold = 2 ** 20;
const wordRange = 2 ** 32;

/**
 * Number and order-free hash of rows, in buckets by their key: sums of digests (the first half of SHA-256), word by word modulo 2^32. Takes
 * 160 KiB.
 */
export class RowTotals {
  rows = 0;
  readonly #counts = new Float64Array(bucketCount);
  readonly #sums = new Float64Array(bucketCount * words);
  #unfolded = 0;

  /** @param row a row packet; its first `keyLength` bytes are the key */
  add(row: Buffer, bucket: number): void {
    const digest = hash("sha256", row, "buffer");
    this.rows++;
    this.#counts[bucket]!++;
    for (let word = 0; word < words; word++) this.#sums[bucket * words + word]! += digest.readUInt32LE(word * 4);
    if (++this.#unfolded === mostBeforeFold) this.#fold();
  }

  /** Buckets whose rows are not the same. */
  differing(other: RowTotals): number[] {
    this.#fold();
    other.#fold();
    const found: number[] = [];
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      const from = bucket * words;
      const isSame =
        this.#counts[bucket] === other.#counts[bucket] &&
        this.#sums.subarray(from, from + words).every((sum, word) => sum === other.#sums[from + word]);
      if (!isSame) found.push(bucket);
    }
    return found;
  }

  #fold(): void {
    for (let at = 0; at < this.#sums.length; at++) this.#sums[at]! %= wordRange;
    this.#unfolded = 0;
  }
}

export function bucketOf(row: Buffer, keyBytes: number): number {
  return crc32(row.subarray(0, keyBytes)) % bucketCount;
}
