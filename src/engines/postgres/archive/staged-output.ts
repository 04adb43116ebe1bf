import type { ByteSink } from "../../../ports/byte-sink.ts";
import { ByteBuilder } from "./byte-builder.ts";

/** Smaller pieces are gathered to this size before they are written. */
const stageBytes = 64 * 1024;

/**
 * Gathers small pieces (chunk headers, the table of contents, tiny tables) into fewer writes and passes large ones on
 * without a copy. Calls must not overlap, except that `builder` may be filled at any time between them.
 */
export class StagedOutput {
  /** Appended to by the encoders. Call `settle` now and then. */
  readonly builder = new ByteBuilder(2 * stageBytes);
  readonly #sink: ByteSink;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Takes a piece; resolves when its memory may be used again. */
  async write(piece: Uint8Array): Promise<void> {
    if (piece.length < stageBytes) {
      this.builder.bytes(piece);
      await this.settle();
      return;
    }
    await this.flush();
    await this.#sink.write(piece);
  }

  /** Whether enough has been gathered. */
  get isDue(): boolean {
    return this.builder.length >= stageBytes;
  }

  /** Writes when enough has been gathered. */
  async settle(): Promise<void> {
    if (this.isDue) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.builder.length === 0) return;
    await this.#sink.write(this.builder.view());
    this.builder.clear();
  }
}
