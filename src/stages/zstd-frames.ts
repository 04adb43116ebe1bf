import type { BlockCompressor } from "./block-stream.ts";
import { compressZstdSync } from "./compress-zstd.ts";
import type { JobSlots } from "./job-slots.ts";
import type { ZstdContexts } from "./zstd-contexts.ts";
import { chooseZstdSearch, levelSearch, type ZstdSearch } from "./zstd-search.ts";

/** Streams up to this size are compressed at once: sending them through the thread pool would take longer. */
const SMALL_STREAM = 16 * 1024;
/** The search is chosen anew after so many blocks: the choice costs two fifths of the work for one. */
const BLOCKS_PER_SEARCH = 16;

/**
 * Each block as a whole zstd frame (RFC 8878) with its size and checksum. Whole frames because each chunk of a custom
 * archive must hold exactly one: pg_restore 17 loses rows of chunks with several, without a word.
 */
export class ZstdFrames implements BlockCompressor {
  readonly #level: number;
  readonly #slots: JobSlots;
  readonly #contexts: ZstdContexts;
  #search: Promise<ZstdSearch> | undefined;
  #blocks = 0;

  constructor(level: number, slots: JobSlots, contexts: ZstdContexts) {
    this.#level = level;
    this.#slots = slots;
    this.#contexts = contexts;
  }

  async compress(block: Buffer): Promise<Buffer> {
    // By the number of blocks and not by how far others are: the same bytes must give the same frames each time.
    if (this.#search === undefined || this.#blocks % BLOCKS_PER_SEARCH === 0) {
      this.#search = this.#slots.run(() => chooseZstdSearch(block, this.#level));
    }
    this.#blocks++;
    const search = await this.#search;
    return await this.#slots.run(() => this.#contexts.compress(block, this.#level, search));
  }

  async compressWhole(block: Buffer): Promise<Buffer> {
    if (block.length <= SMALL_STREAM) return compressZstdSync(block, this.#level);
    return await this.#slots.run(() => this.#contexts.compress(block, this.#level, levelSearch));
  }

  async end(): Promise<Buffer> {
    return Buffer.alloc(0);
  }

  release(piece: Buffer): void {
    this.#contexts.release(piece);
  }
}
