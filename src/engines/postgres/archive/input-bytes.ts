import type { OpenedObject } from "../../../ports/storage.ts";

/** Bytes read front to back. What is handed out is valid until more is read: by `peek` or `skip`. */
export interface InputBytes {
  /** Of the next byte. */
  readonly position: number;
  /** Of the whole input, when it is known before its end. */
  readonly size: number | undefined;
  /** What `peek` shows without reading anything; perhaps nothing. */
  readonly buffered: Buffer;
  /** The bytes at `position`, without moving: at least `count` of them unless the input ends before. */
  peek(count: number): Promise<Buffer>;
  /** Moves over `count` bytes that `peek` has shown. */
  advance(count: number): void;
  /** Moves on without reading where that is possible. Answers false when the input ends before. */
  skip(count: number): Promise<boolean>;
}

/** After a jump a small read is enough for the next chunk's header; reading on in a row grows to the large one. */
const smallRead = 4 * 1024;
const largeRead = 256 * 1024;
/** Shorter ones are not for small reads: to read what lies between costs less than another read. */
const jumpLargerThan = 64 * 1024;

/** A file or stored object, from any position. */
export class ObjectInput implements InputBytes {
  readonly #object: OpenedObject;
  #position: number;
  /** Used again for each read: a new one for every 256 KiB keeps the collector busy. */
  #window: Buffer = Buffer.alloc(0);
  /** What of the window was read and not passed yet. */
  #buffered: Buffer = Buffer.alloc(0);
  #readBytes: number;

  /** @param expected how many bytes are probably wanted: they are read at once, unless they are many */
  constructor(object: OpenedObject, position = 0, expected = 0) {
    this.#object = object;
    this.#position = position;
    this.#readBytes = Math.min(Math.max(expected, smallRead), largeRead);
  }

  get position(): number {
    return this.#position;
  }

  get size(): number {
    return this.#object.size;
  }

  get buffered(): Buffer {
    return this.#buffered;
  }

  async peek(count: number): Promise<Buffer> {
    if (this.#buffered.length >= count) return this.#buffered;
    const from = this.#position + this.#buffered.length;
    const missing = count - this.#buffered.length;
    const wanted = Math.min(Math.max(missing, this.#readBytes), Math.max(0, this.#object.size - from));
    if (wanted === 0) return this.#buffered;
    this.#readBytes = Math.min(this.#readBytes * 2, largeRead);
    const rest = this.#makeRoom(wanted);
    const got = await this.#object.readAt(from, this.#window.subarray(rest, rest + wanted));
    this.#buffered = this.#window.subarray(0, rest + got);
    return this.#buffered;
  }

  /** Moves what is left to the front of a window with room for so many bytes behind it; answers where these go. */
  #makeRoom(wanted: number): number {
    const left = this.#buffered;
    if (this.#window.length < left.length + wanted) this.#window = Buffer.allocUnsafe(left.length + wanted);
    left.copy(this.#window);
    this.#buffered = this.#window.subarray(0, left.length);
    return left.length;
  }

  advance(count: number): void {
    this.#buffered = this.#buffered.subarray(count);
    this.#position += count;
  }

  async skip(count: number): Promise<boolean> {
    if (count <= this.#buffered.length) {
      this.advance(count);
      return true;
    }
    if (count - this.#buffered.length > Math.max(jumpLargerThan, this.#readBytes)) this.#readBytes = smallRead;
    this.#buffered = Buffer.alloc(0);
    this.#position += count;
    return this.#position <= this.#object.size;
  }
}

/** Standard input or another stream that can be read once. */
export class StreamInput implements InputBytes {
  readonly size = undefined;
  readonly #source: AsyncIterator<Uint8Array>;
  #position = 0;
  #buffered: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  get position(): number {
    return this.#position;
  }

  get buffered(): Buffer {
    return this.#buffered;
  }

  async peek(count: number): Promise<Buffer> {
    if (this.#buffered.length >= count) return this.#buffered;
    const pieces = [this.#buffered];
    let total = this.#buffered.length;
    // Memory is only taken for bytes that have arrived, whatever length the archive claims.
    while (total < count) {
      const piece = await this.#next();
      if (piece === undefined) break;
      pieces.push(piece);
      total += piece.length;
    }
    this.#buffered = total === this.#buffered.length ? this.#buffered : Buffer.concat(pieces, total);
    return this.#buffered;
  }

  advance(count: number): void {
    this.#buffered = this.#buffered.subarray(count);
    this.#position += count;
  }

  async skip(count: number): Promise<boolean> {
    let left = count;
    while (left > 0) {
      if (this.#buffered.length === 0) {
        const piece = await this.#next();
        if (piece === undefined) return false;
        this.#buffered = piece;
      }
      const step = Math.min(left, this.#buffered.length);
      this.advance(step);
      left -= step;
    }
    return true;
  }

  /** Lets the source go (closes a file, stops a pipe). Safe to repeat. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#source.return?.();
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#ended) return undefined;
    const { value, done } = await this.#source.next();
    if (done === true) {
      this.#ended = true;
      return undefined;
    }
    return Buffer.from(value.buffer, value.byteOffset, value.length);
  }
}

/** A part of another input, from where that stands: nothing behind it can be read by mistake. */
export class SectionInput implements InputBytes {
  /** Position behind its last byte. */
  readonly size: number;
  readonly #input: InputBytes;

  constructor(input: InputBytes, length: number) {
    this.#input = input;
    this.size = input.position + length;
  }

  get position(): number {
    return this.#input.position;
  }

  get buffered(): Buffer {
    return this.#input.buffered.subarray(0, this.size - this.position);
  }

  async peek(count: number): Promise<Buffer> {
    const left = this.size - this.position;
    return (await this.#input.peek(Math.min(count, left))).subarray(0, left);
  }

  advance(count: number): void {
    this.#input.advance(count);
  }

  async skip(count: number): Promise<boolean> {
    const left = this.size - this.position;
    return (await this.#input.skip(Math.min(count, left))) && count <= left;
  }
}
