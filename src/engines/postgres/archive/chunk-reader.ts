import { endsEarly } from "./archive-damage.ts";
import type { InputBytes } from "./input-bytes.ts";
import type { StoredStream } from "./stored-stream.ts";

/** Pieces handed to the codec: pg_dump cuts chunks of 4 kB, which are gathered; larger ones are passed on as they lie. */
const gatheredBytes = 64 * 1024;
const largestPiece = 256 * 1024;

/** Bytes of the next chunk, when the one before was passed; 0 at the end. The input stands behind the length. */
export type NextChunk = () => Promise<number>;

/** One compressed stream that lies in chunks in a file among others. */
export class ChunkReader implements StoredStream {
  readonly #input: InputBytes;
  readonly #nextLength: NextChunk;
  /** Bytes of the current chunk that are not read yet. */
  #left = 0;
  #ended = false;
  #storedBytes = 0;
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

  /** The stored bytes. Leaving early is fine: `skipRest` goes on from there. */
  async *pieces(): AsyncGenerator<Buffer> {
    let gathered: Buffer[] = [];
    let total = 0;
    for (let piece = await this.#take(); piece !== undefined; piece = await this.#take()) {
      gathered.push(piece);
      total += piece.length;
      if (total < gatheredBytes) continue;
      yield gathered.length === 1 ? piece : Buffer.concat(gathered, total);
      gathered = [];
      total = 0;
    }
    if (total > 0) yield Buffer.concat(gathered, total);
  }

  /** Moves behind the stream, jumping from chunk to chunk. */
  async skipRest(): Promise<void> {
    this.#stopped = true;
    await this.#reading;
    while (!this.#ended) {
      if (!(await this.#input.skip(this.#left))) throw endsEarly(this.#input.position);
      this.#left = 0;
      await this.#nextChunk();
    }
  }

  #take(): Promise<Buffer | undefined> {
    if (this.#stopped) return Promise.resolve(undefined);
    const taken = this.#next();
    this.#reading = taken.catch(() => undefined);
    return taken;
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#left === 0 && !this.#ended) await this.#nextChunk();
    if (this.#ended) return undefined;
    const wanted = Math.min(this.#left, largestPiece);
    const window = await this.#input.peek(1);
    if (window.length === 0) throw endsEarly(this.#input.position);
    const piece = window.subarray(0, Math.min(wanted, window.length));
    this.#input.advance(piece.length);
    this.#left -= piece.length;
    return piece;
  }

  async #nextChunk(): Promise<void> {
    const length = await this.#nextLength();
    this.#left = length;
    this.#storedBytes += length;
    this.#ended = length === 0;
  }
}
