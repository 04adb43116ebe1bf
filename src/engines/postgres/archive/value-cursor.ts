import { archiveDamage, endsEarly } from "./archive-damage.ts";
import { archiveLimits } from "./archive-limits.ts";
import type { InputBytes } from "./input-bytes.ts";

/** Thrown by {@link ValueCursor} when the window ends: how many bytes of it would be enough to go on. */
class WindowTooSmall extends Error {
  readonly needed: number;
  constructor(needed: number) {
    super("window too small");
    this.needed = needed;
  }
}

/** Reads an archive's primitive values from a window of bytes. */
export class ValueCursor {
  readonly #window: Buffer;
  readonly #start: number;
  readonly #size: number | undefined;
  readonly #integerSize: number;
  #offset = 0;

  /** @param start position of the window in the archive. @param size of the archive, when known. */
  constructor(window: Buffer, start: number, size: number | undefined, integerSize: number) {
    this.#window = window;
    this.#start = start;
    this.#size = size;
    this.#integerSize = integerSize;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  get position(): number {
    return this.#start + this.#offset;
  }

  byte(): number {
    return this.#take(1)[0]!;
  }

  bytes(count: number): Buffer {
    return this.#take(count);
  }

  int(): number {
    const at = this.position;
    const octets = this.#take(1 + this.#integerSize);
    const sign = octets[0]!;
    if (sign > 1) throw archiveDamage("an integer has an unknown sign", at);
    const magnitude = octets.readUInt32LE(1);
    for (let i = 5; i < octets.length; i++) {
      if (octets[i] !== 0) throw archiveDamage("an integer is too large", at);
    }
    return sign === 1 ? -magnitude : magnitude;
  }

  /** A count, an id or a code: from `min` to `max`. */
  intIn(min: number, max: number, what: string): number {
    const at = this.position;
    const value = this.int();
    if (value < min || value > max) throw archiveDamage(`${what} is ${value}`, at);
    return value;
  }

  /** A binary string or null. */
  string(): string | null {
    const at = this.position;
    const length = this.int();
    if (length === -1) return null;
    const beyondEnd = this.#size !== undefined && length > this.#size - this.position;
    if (length < 0 || length > archiveLimits.stringBytes || beyondEnd) {
      throw archiveDamage(`a string claims ${length} bytes`, at);
    }
    const bytes = this.#take(length);
    // Whoever wrote it ends text with one; no statement and no name can hold it.
    if (bytes.includes(0)) throw archiveDamage("a string holds a zero character", at);
    return bytes.toString("latin1");
  }

  /** An unsigned decimal number as a string: how OIDs and dependencies are stored. Null where the string is. */
  decimal(max: number, what: string): number | null {
    const at = this.position;
    const text = this.string();
    if (text === null) return null;
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value <= max)) throw archiveDamage(`${what} is not a number in its range`, at);
    return value;
  }

  #take(count: number): Buffer {
    const end = this.#offset + count;
    if (end > this.#window.length) throw new WindowTooSmall(end);
    const taken = this.#window.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }
}

/**
 * Decodes one value of what was read already. Undefined when that is not enough: nothing has happened then.
 * Millions of chunks have a length each, and waiting for one costs more than to read it.
 */
export function decodeBuffered<T>(
  input: InputBytes,
  integerSize: number,
  decode: (cursor: ValueCursor) => T,
): T | undefined {
  const cursor = new ValueCursor(input.buffered, input.position, input.size, integerSize);
  try {
    const value = decode(cursor);
    input.advance(cursor.offset);
    return value;
  } catch (error) {
    if (!(error instanceof WindowTooSmall)) throw error;
    return undefined;
  }
}

/** Decodes one value with a synchronous decoder, giving it as large a window as it turns out to need. */
export async function decodeValue<T>(
  input: InputBytes,
  integerSize: number,
  decode: (cursor: ValueCursor) => T,
): Promise<T> {
  for (let needed = 1; ; ) {
    const window = await input.peek(needed);
    if (window.length < needed) throw endsEarly(input.position + window.length);
    const cursor = new ValueCursor(window, input.position, input.size, integerSize);
    try {
      const value = decode(cursor);
      input.advance(cursor.offset);
      return value;
    } catch (error) {
      if (!(error instanceof WindowTooSmall)) throw error;
      needed = error.needed;
    }
  }
}
