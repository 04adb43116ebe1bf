import type { ByteSink } from "../../../ports/byte-sink.ts";

/** Text is gathered up to so many bytes; rows come in blocks of their own. */
const GATHERED = 256 * 1024;

const SMALL_BLOCK = 16 * 1024;

/** Writes a script front to back. Gathers short pieces; at most {@link GATHERED} bytes and one piece lie in memory. */
export class ScriptWriter {
  readonly #sink: ByteSink;
  #pieces: Buffer[] = [];
  #length = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Resolves when more may come. The bytes are kept: the caller must not change them. */
  async write(...pieces: readonly (string | Buffer)[]): Promise<void> {
    for (const piece of pieces) {
      const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
      this.#pieces.push(bytes);
      this.#length += bytes.length;
    }
    if (this.#length >= GATHERED) await this.flush();
  }

  /** For blocks that come before earlier ones are written; nothing else may be written until all of them are. */
  blockWriter(): (block: Buffer) => Promise<void> {
    let last: Promise<void> = Promise.resolve();
    return (block) => {
      last = last.then(() => this.#writeBlock(block));
      return last;
    };
  }

  /** The rows of a small table are gathered with what stands around them: each write has its price. */
  async #writeBlock(block: Buffer): Promise<void> {
    if (block.length <= SMALL_BLOCK) return await this.write(Buffer.from(block));
    await this.flush();
    await this.#sink.write(block);
  }

  /** Writes what was gathered. */
  async flush(): Promise<void> {
    if (this.#length === 0) return;
    const bytes = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#length);
    this.#pieces = [];
    this.#length = 0;
    await this.#sink.write(bytes);
  }
}
