import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { BlockCompressor } from "./block-stream.ts";
import type { JobSlots } from "./job-slots.ts";

const zstdCompress = promisify(zlib.zstdCompress) as (block: Buffer, options: zlib.ZstdOptions) => Promise<Buffer>;

/** A frame may be a little larger than its block; then it still is one chunk. */
const CHUNK_SIZE = 1024 * 1024 + 16 * 1024;
/** Streams up to this size are compressed at once: sending them through the thread pool would take longer. */
const SMALL_STREAM = 16 * 1024;

/**
 * Each block as a whole zstd frame (RFC 8878) with its size and checksum. Whole frames because each chunk of a custom
 * archive must hold exactly one: pg_restore 17 loses rows of chunks with several, without a word.
 */
export class ZstdFrames implements BlockCompressor {
  readonly #level: number;
  readonly #slots: JobSlots;

  constructor(level: number, slots: JobSlots) {
    this.#level = level;
    this.#slots = slots;
  }

  compress(block: Buffer): Promise<Buffer> {
    return this.#slots.run(() => zstdCompress(block, this.#options(block)));
  }

  async compressWhole(block: Buffer): Promise<Buffer> {
    if (block.length <= SMALL_STREAM) return zlib.zstdCompressSync(block, this.#options(block));
    return await this.compress(block);
  }

  async end(): Promise<Buffer> {
    return Buffer.alloc(0);
  }

  #options(block: Buffer): zlib.ZstdOptions {
    return {
      chunkSize: CHUNK_SIZE,
      pledgedSrcSize: block.length,
      params: {
        [zlib.constants.ZSTD_c_compressionLevel]: this.#level,
        [zlib.constants.ZSTD_c_checksumFlag]: 1,
      },
    };
  }
}
