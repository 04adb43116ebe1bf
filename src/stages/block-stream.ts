import type { CompressStream } from "../ports/codec.ts";
import type { BufferPool } from "./buffer-pool.ts";
import { PieceQueue } from "./piece-queue.ts";

/** The unit of compression. Larger ones gain little and cost memory for each that is under way. */
export const COMPRESS_BLOCK_SIZE = 1024 * 1024;
/** Blocks at least so large are compressed where they lie; smaller ones are gathered first. */
const DIRECT_SIZE = 256 * 1024;
/**
 * Pieces of one stream in the making or waiting to leave. As many as there are job slots, so that one stream alone can
 * use them all.
 */
const STREAM_PIECES = 4;

/** What one method knows: how a block becomes a piece of the stream. Called in the order of the blocks. */
export interface BlockCompressor {
  /** A block of a stream that has several. Must not touch the block after resolving. */
  compress(block: Buffer): Promise<Buffer>;
  /** A stream that is one block, perhaps an empty one, all of it. */
  compressWhole(block: Buffer): Promise<Buffer>;
  /** What ends a stream of several blocks; may be empty. Called when all were given, perhaps before they are done. */
  end(): Promise<Buffer>;
  /** Takes the memory of a piece back that has left. Not called for pieces of streams that fail or are dropped. */
  release?(piece: Buffer): void;
  /** Gives back what the stream held, when nothing is under way any more. Not called for streams that are dropped. */
  close?(): void;
}

/** Cuts a stream into blocks, has them compressed beside each other, and puts the pieces out in order. */
export class BlockStream implements CompressStream {
  readonly #compressor: BlockCompressor;
  readonly #pieces: PieceQueue;
  readonly #pool: BufferPool;
  readonly #recycle: (block: Buffer) => void;
  #gathered: Buffer | undefined;
  #gatheredLength = 0;
  #hasBlocks = false;

  constructor(
    compressor: BlockCompressor,
    pool: BufferPool,
    output: (piece: Buffer) => Promise<void>,
    recycle: (block: Buffer) => void,
  ) {
    this.#compressor = compressor;
    this.#pool = pool;
    const putOut = async (piece: Buffer) => {
      await output(piece);
      compressor.release?.(piece);
    };
    this.#pieces = new PieceQueue(putOut, STREAM_PIECES);
    this.#recycle = recycle;
  }

  async write(block: Buffer): Promise<void> {
    if (this.#gatheredLength === 0 && block.length >= DIRECT_SIZE && block.length <= COMPRESS_BLOCK_SIZE) {
      await this.#compress(block, this.#recycle);
      return;
    }
    try {
      for (let at = 0; at < block.length; ) {
        this.#gathered ??= this.#pool.take();
        const taken = block.copy(this.#gathered, this.#gatheredLength, at, at + this.#roomLeft());
        this.#gatheredLength += taken;
        at += taken;
        if (this.#roomLeft() === 0) await this.#compressGathered();
      }
    } finally {
      this.#recycle(block);
    }
    this.#pieces.throwIfFailed();
  }

  async end(): Promise<void> {
    const rest = this.#gathered;
    if (this.#hasBlocks) {
      if (rest !== undefined) await this.#compressGathered();
      await this.#pieces.add(this.#compressor.end());
    } else {
      const whole = rest?.subarray(0, this.#gatheredLength) ?? Buffer.alloc(0);
      await this.#pieces.add(this.#compressor.compressWhole(whole));
    }
    await this.#pieces.finish();
    if (rest !== undefined && !this.#hasBlocks) this.#pool.giveBack(rest);
    this.#compressor.close?.();
  }

  #roomLeft(): number {
    return COMPRESS_BLOCK_SIZE - this.#gatheredLength;
  }

  async #compressGathered(): Promise<void> {
    const buffer = this.#gathered!;
    const block = buffer.subarray(0, this.#gatheredLength);
    this.#gathered = undefined;
    this.#gatheredLength = 0;
    await this.#compress(block, () => this.#pool.giveBack(buffer));
  }

  async #compress(block: Buffer, release: (block: Buffer) => void): Promise<void> {
    this.#hasBlocks = true;
    const piece = this.#compressor.compress(block).finally(() => release(block));
    await this.#pieces.add(piece);
  }
}
