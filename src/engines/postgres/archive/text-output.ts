import type { Compression } from "../../../core/compression.ts";
import type { ByteSink } from "../../../ports/byte-sink.ts";
import type { Codec, CompressStream } from "../../../ports/codec.ts";
import { ByteBuilder } from "./byte-builder.ts";

/** Text is gathered to this size before it goes into the stream. */
const textBytes = 256 * 1024;

export interface TextOutputOptions {
  readonly sink: ByteSink;
  readonly codec: Codec;
  readonly compression: Compression;
  readonly recycle: ((block: Buffer) => void) | undefined;
}

/** One file of text and of blocks that are passed on without a copy, compressed as a whole. */
export class TextOutput {
  readonly #stream: CompressStream;
  readonly #builder = new ByteBuilder(2 * textBytes);
  /** Blocks that are ours, not from the caller's pool. */
  readonly #own = new Set<Buffer>();

  constructor({ sink, codec, compression, recycle }: TextOutputOptions) {
    this.#stream = codec.open({
      compression,
      container: "gzip",
      output: (piece) => sink.write(piece),
      recycle: (block) => {
        if (!this.#own.delete(block)) recycle?.(block);
      },
    });
  }

  /** Appends a binary string. Undefined when there is nothing to wait for. */
  text(text: string): Promise<void> | undefined {
    this.#builder.latin1(text);
    return this.#builder.length >= textBytes ? this.#flush() : undefined;
  }

  /** Passes a block on; it comes back through `recycle`. */
  async block(block: Buffer): Promise<void> {
    await this.#flush();
    await this.#stream.write(block);
  }

  async end(): Promise<void> {
    await this.#flush();
    await this.#stream.end();
  }

  async #flush(): Promise<void> {
    if (this.#builder.length === 0) return;
    const block = Buffer.from(this.#builder.view());
    this.#builder.clear();
    this.#own.add(block);
    await this.#stream.write(block);
  }
}
