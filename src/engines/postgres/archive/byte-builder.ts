import { offsetFlag, writtenIntegerSize, writtenOffsetSize } from "./archive-header.ts";

/** Builds the primitive values of an archive in memory that grows as needed and is used again after `clear`. */
export class ByteBuilder {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was built so far. Valid until the next call. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A sign octet, then the magnitude, least significant octet first. */
  int(value: number): void {
    this.#reserve(1 + writtenIntegerSize);
    this.#bytes[this.#length++] = value < 0 ? 1 : 0;
    this.#length = this.#bytes.writeUInt32LE(Math.abs(value), this.#length);
  }

  /** An OID goes through C's signed int: above 2^31-1 it is stored as the negative number of the same 32 bits. */
  oid(value: number): void {
    this.int(value | 0);
  }

  /** A binary string: length, then octets. Null is length -1, which differs from the empty string. */
  string(value: string | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.int(value.length);
    this.latin1(value);
  }

  latin1(value: string): void {
    this.#reserve(value.length);
    this.#length += this.#bytes.write(value, this.#length, "latin1");
  }

  /** Where an entry's data lies, for a writer that never seeks back: `not set` or `no data`. */
  unknownOffset(hasData: boolean): void {
    this.#reserve(1 + writtenOffsetSize);
    this.#bytes[this.#length++] = hasData ? offsetFlag.notSet : offsetFlag.noData;
    this.#bytes.fill(0, this.#length, this.#length + writtenOffsetSize);
    this.#length += writtenOffsetSize;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
