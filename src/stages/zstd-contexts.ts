import type { TransformOptions } from "node:stream";
import * as zlib from "node:zlib";
import { COMPRESS_BLOCK_SIZE } from "./block-stream.ts";
import { BufferPool } from "./buffer-pool.ts";
import { freeMemory } from "./free-memory.ts";
import type { ZstdSearch } from "./zstd-search.ts";

/** Bytes that cannot be compressed grow by less than this. */
const MAX_GROWTH = 16 * 1024;
const FRAME_SIZE = COMPRESS_BLOCK_SIZE + MAX_GROWTH;
/** Zstd gives a frame in steps of this size. Most rows need one or two; larger steps cost memory and no time less. */
const STEP_SIZE = 256 * 1024;
/** Buffers for frames that are kept while none is in use: of each, only as much memory is taken as frames needed. */
const KEPT_FRAMES = 8;

/**
 * Zstd contexts that are used again. Node makes a new one for each block that is compressed at once, 3 MiB that wait for the
 * collector, which then runs ten times in a dump of 300 MB: blocks take a fifth less CPU time without.
 */
export class ZstdContexts {
  readonly #kept: number;
  readonly #free: ZstdContext[] = [];
  readonly #frames = new BufferPool(FRAME_SIZE, KEPT_FRAMES);

  /** @param kept how many are kept while nobody uses them. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  /** One whole frame of a block of at most 1 MiB, with its size and checksum, made in the thread pool. */
  async compress(block: Buffer, level: number, search: ZstdSearch): Promise<Buffer> {
    const context = this.#take(level, search);
    // One that has failed is left to the collector.
    const frame = await context.compress(block, this.#frames);
    this.#free.push(context);
    if (this.#free.length > this.#kept) this.#free.shift()!.close();
    return frame;
  }

  /** Takes the memory of a frame back. */
  release(frame: Buffer): void {
    if (frame.buffer.byteLength === FRAME_SIZE) this.#frames.giveBack(Buffer.from(frame.buffer));
  }

  /** The one that was used last, which lies in the processor's cache. */
  #take(level: number, search: ZstdSearch): ZstdContext {
    const index = this.#free.findLastIndex((context) => context.level === level && context.search === search);
    return index < 0 ? new ZstdContext(level, search) : this.#free.splice(index, 1)[0]!;
  }
}

class ZstdContext {
  readonly level: number;
  readonly search: ZstdSearch;
  readonly #stream: zlib.ZstdCompress;

  constructor(level: number, search: ZstdSearch) {
    this.level = level;
    this.search = search;
    const options: zlib.ZstdOptions & Pick<TransformOptions, "readableHighWaterMark"> = {
      // What is written at once becomes one frame, and zstd knows its size from the start.
      flush: zlib.constants.ZSTD_e_end,
      chunkSize: STEP_SIZE,
      // Room for all of a frame: it is read when it is done.
      readableHighWaterMark: 2 * FRAME_SIZE,
      params: {
        [zlib.constants.ZSTD_c_compressionLevel]: level,
        [zlib.constants.ZSTD_c_checksumFlag]: 1,
        ...search,
      },
    };
    this.#stream = zlib.createZstdCompress(options);
    // The write that failed tells.
    this.#stream.on("error", () => undefined);
  }

  async compress(block: Buffer, frames: BufferPool): Promise<Buffer> {
    const stream = this.#stream;
    await new Promise<void>((resolve, reject) => {
      stream.write(block, (error) => (error ? reject(error) : resolve()));
    });
    // The stream puts the next frame behind this one into the same memory: what leaves in another order needs its own.
    const steps = stream.read() as Buffer;
    const frame = frames.take().subarray(0, steps.length);
    steps.copy(frame);
    if (steps.byteOffset + steps.length === steps.buffer.byteLength) freeMemory(steps);
    return frame;
  }

  close(): void {
    this.#stream.destroy();
  }
}
