import { endsEarly } from "./archive-damage.ts";
import type { InputBytes } from "./input-bytes.ts";
import type { StoredStream } from "./stored-stream.ts";

/**
 * Pieces handed to the codec: pg_dump cuts chunks of 4 kB, which are gathered, since each piece is a trip to another
 * thread. The first ones are small, for most streams of a database with many tables are.
 */
const firstGathered = 4 * 1024;
const mostGathered = 256 * 1024;
/** What lies in one piece in the input is passed on as it is, from this size on. */
const passedAsItLies = 64 * 1024;

/** Bytes of the next chunk, when the one before was passed; 0 at the end. The input stands behind the length. */
export type NextChunk = () => number | Promise<number>;

/** One compressed stream that lies in chunks in a file among others. */
export class ChunkReader implements StoredStream {
  readonly #input: InputBytes;
  readonly #nextLength: NextChunk;
  /** Bytes of the current chunk that are not read yet. */
  #left = 0;
  #ended = false;
  #storedBytes = 0;
  /** Where small chunks are gathered, again and again. */
  #gathered: Buffer = Buffer.alloc(0);
  /** A codec may still be reading ahead when its consumer has left already. */
  #reading: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(input: InputBytes, nextLength: NextChunk) {
    this.#input = input;
    this.#nextLength = nextLength;
  }

  get position(): number {
    return this.#input.position;
  }

  /** Bytes of all chunks read or skipped so far. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Leaving early is fine: `skipRest` goes on from there. */
  async *pieces(): AsyncGenerator<Buffer> {
    for (let piece = await this.#take(); piece !== undefined; piece = await this.#take()) yield piece;
  }

  /** Moves behind the stream, jumping from chunk to chunk. */
  async skipRest(): Promise<void> {
    this.#stopped = true;
    await this.#reading;
    while (!this.#ended) {
      if (this.#left <= this.#input.buffered.length) this.#input.advance(this.#left);
      else if (!(await this.#input.skip(this.#left))) throw endsEarly(this.#input.position);
      const length = this.#nextLength();
      this.#begin(typeof length === "number" ? length : await length);
    }
  }

  #take(): Promise<Buffer | undefined> {
    if (this.#stopped) return Promise.resolve(undefined);
    const taken = this.#gather();
    this.#reading = taken.catch(() => undefined);
    return taken;
  }

  async #gather(): Promise<Buffer | undefined> {
    let total = 0;
    for (;;) {
      if (this.#left === 0) {
        if (this.#ended) break;
        const length = this.#nextLength();
        this.#begin(typeof length === "number" ? length : await length);
        continue;
      }
      const { buffered } = this.#input;
      const window = buffered.length > 0 ? buffered : await this.#input.peek(1);
      if (window.length === 0) throw endsEarly(this.#input.position);
      if (total === 0) {
        const large = Math.min(this.#left, window.length);
        if (large >= passedAsItLies) return this.#pass(window.subarray(0, large));
        this.#makeRoom();
      }
      if (total === this.#gathered.length) break;
      const piece = window.subarray(0, Math.min(this.#left, this.#gathered.length - total));
      this.#gathered.set(this.#pass(piece), total);
      total += piece.length;
    }
    return total === 0 ? undefined : this.#gathered.subarray(0, total);
  }

  #pass(piece: Buffer): Buffer {
    this.#input.advance(piece.length);
    this.#left -= piece.length;
    return piece;
  }

  #makeRoom(): void {
    const { length } = this.#gathered;
    if (length < mostGathered)
      this.#gathered = Buffer.allocUnsafeSlow(Math.max(firstGathered, Math.min(mostGathered, 4 * length)));
  }

  /** A chunk of `length` bytes comes; of none: it was the last one. */
  #begin(length: number): void {
    this.#left = length;
    this.#storedBytes += length;
    this.#ended = length === 0;
  }
}
