import { BackupError } from "../../../core/backup-error.ts";

/** Reads the fields of a packet, in order. Every read past its end is a PROTOCOL error. */
export class PacketReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** Unsigned, little-endian, of 1 to 6 bytes. */
  uint(size: 1 | 2 | 3 | 4 | 6): number {
    return this.#bytes.readUIntLE(this.#take(size), size);
  }

  /** A length-encoded integer; beyond 2^53 it is no length that we could meet. NULL (0xfb) is undefined. */
  lengthEncoded(): number | undefined {
    const first = this.uint(1);
    if (first < 0xfb) return first;
    if (first === 0xfb) return undefined;
    if (first === 0xfc) return this.uint(2);
    if (first === 0xfd) return this.uint(3);
    if (first === 0xfe) {
      const value = this.#bytes.readBigUInt64LE(this.#take(8));
      if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    }
    throw malformed("a length that cannot be");
  }

  bytes(count: number): Buffer {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** A length-encoded string; null for NULL. */
  lengthEncodedBytes(): Buffer | null {
    const length = this.lengthEncoded();
    return length === undefined ? null : this.bytes(length);
  }

  /** Up to a zero byte, which is skipped, or the end. */
  zeroTerminated(): Buffer {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) return this.rest();
    const text = this.bytes(end - this.#at);
    this.skip(1);
    return text;
  }

  rest(): Buffer {
    return this.bytes(this.left);
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) throw malformed("a packet that is too short");
    this.#at += count;
    return at;
  }
}

export function malformed(what: string): BackupError {
  return new BackupError({
    code: "PROTOCOL",
    message: `the server sent ${what}`,
    hint: "check that host and port are those of a MySQL or MariaDB server, and that nothing in between changes the traffic",
    retry: "maybe",
  });
}
