import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { compressionLevels } from "../core/compression.ts";
import { adler32, joinAdler32 } from "./adler32.ts";
import type { BlockCompressor } from "./block-stream.ts";
import type { DeflateThreads } from "./deflate/deflate-threads.ts";
import { chooseSearch, type DeflateSearch } from "./deflate-search.ts";
import { freeMemory } from "./free-memory.ts";
import type { JobSlots } from "./job-slots.ts";

const deflateRaw = promisify(zlib.deflateRaw) as (block: Buffer, options: zlib.ZlibOptions) => Promise<Buffer>;
const deflate = promisify(zlib.deflate) as (block: Buffer, options: zlib.ZlibOptions) => Promise<Buffer>;
const gzip = promisify(zlib.gzip) as (block: Buffer, options: zlib.ZlibOptions) => Promise<Buffer>;

/** How far back deflate can refer. */
const DICTIONARY_SIZE = 32 * 1024;
/** Output is made in steps of what the block before took, and a quarter, within these bounds: one step, little waste. */
const MIN_CHUNK_SIZE = 32 * 1024;
const MAX_CHUNK_SIZE = 512 * 1024;
/** Streams up to this size are compressed at once: sending them through the thread pool would take longer. */
const SMALL_STREAM = 16 * 1024;
/** The search is chosen anew after so many blocks: the choice costs a fifth of the work for one. */
const BLOCKS_PER_SEARCH = 16;
/**
 * At the default level so many blocks are left to zlib, and the rest of the stream is deflated by our own code in threads:
 * on rows of hashes and JSON 230 MB for each CPU second against zlib's 112, on text 100 against 45, and no larger. By the
 * number of the block, as the same bytes must give the same stream; not from the start, as starting a thread takes 60 ms
 * and 12 MiB, which small streams would not earn back.
 */
const ZLIB_BLOCKS = 8;
/** An empty last block of deflate, with fixed codes. */
const FINAL_BLOCK = Buffer.from([0x03, 0x00]);

/**
 * One valid zlib (RFC 1950) or gzip (RFC 1952) stream out of blocks that are deflated beside each other: each begins with
 * the end of the one before as its dictionary, so that almost nothing is lost, and ends at a byte border (sync flush).
 */
export class DeflateBlocks implements BlockCompressor {
  readonly #container: "zlib" | "gzip";
  readonly #level: number;
  readonly #slots: JobSlots;
  readonly #threads: DeflateThreads;
  #dictionary: Buffer | undefined;
  #search: Promise<DeflateSearch> | undefined;
  #blocks = 0;
  #chunkSize = MAX_CHUNK_SIZE;
  #crc32 = 0;
  /** Of all blocks, for zlib. Comes later than they do, as their own are computed where they are deflated. */
  #adler32: Promise<number> = Promise.resolve(1);
  #length = 0;

  constructor(container: "zlib" | "gzip", level: number, slots: JobSlots, threads: DeflateThreads) {
    this.#container = container;
    this.#level = level;
    this.#slots = slots;
    this.#threads = threads;
  }

  compress(block: Buffer): Promise<Buffer> {
    const dictionary = this.#dictionary;
    this.#dictionary = nextDictionary(dictionary, block);
    this.#length += block.length;
    if (this.#container === "gzip") this.#crc32 = zlib.crc32(block, this.#crc32);
    const number = this.#blocks++;
    if (dictionary !== undefined && number >= ZLIB_BLOCKS && this.#level === compressionLevels.gzip.default) {
      return this.#deflateInThread(block, dictionary);
    }
    // By the number of blocks and not by how far others are: the same bytes must give the same stream each time.
    if (this.#search === undefined || number % BLOCKS_PER_SEARCH === 0) this.#search = this.#chooseSearch(block);
    if (this.#container === "zlib") this.#addAdler32(Promise.resolve(adler32(block, 1)), block.length);
    return this.#deflate(block, dictionary, this.#search);
  }

  async #deflateInThread(block: Buffer, dictionary: Buffer): Promise<Buffer> {
    const deflated = this.#slots.run(() => this.#threads.deflate(dictionary, block));
    this.#addAdler32(
      deflated.then((done) => done.adler32),
      block.length,
    );
    return (await deflated).piece;
  }

  #addAdler32(own: Promise<number>, length: number): void {
    this.#adler32 = Promise.all([this.#adler32, own]).then(([before, added]) => joinAdler32(before, added, length));
    // A block that fails tells so itself.
    this.#adler32.catch(() => undefined);
  }

  #chooseSearch(block: Buffer): Promise<DeflateSearch> {
    return this.#slots.run(() => chooseSearch(block, this.#level));
  }

  async #deflate(block: Buffer, dictionary: Buffer | undefined, search: Promise<DeflateSearch>): Promise<Buffer> {
    const options: zlib.ZlibOptions = {
      ...(await search),
      chunkSize: this.#chunkSize,
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
      ...(dictionary === undefined ? {} : { dictionary }),
    };
    const piece = await this.#slots.run(() => deflateRaw(block, options));
    this.#chunkSize = Math.min(MAX_CHUNK_SIZE, Math.max(MIN_CHUNK_SIZE, Math.ceil(piece.length * 1.25)));
    return dictionary === undefined ? Buffer.concat([this.#header(), piece]) : piece;
  }

  async compressWhole(block: Buffer): Promise<Buffer> {
    if (block.length <= SMALL_STREAM) {
      const options = { level: this.#level, ...smallWindow(block.length) };
      return this.#container === "zlib" ? zlib.deflateSync(block, options) : zlib.gzipSync(block, options);
    }
    const options = { ...(await this.#chooseSearch(block)), chunkSize: MAX_CHUNK_SIZE };
    return await this.#slots.run(() => (this.#container === "zlib" ? deflate(block, options) : gzip(block, options)));
  }

  async end(): Promise<Buffer> {
    const tail = Buffer.alloc(this.#container === "zlib" ? 4 : 8);
    if (this.#container === "zlib") tail.writeUInt32BE(await this.#adler32);
    else {
      tail.writeUInt32LE(this.#crc32);
      tail.writeUInt32LE(this.#length % 2 ** 32, 4);
    }
    return Buffer.concat([FINAL_BLOCK, tail]);
  }

  release(piece: Buffer): void {
    if (!this.#threads.release(piece)) freeMemory(piece);
  }

  #header(): Buffer {
    // gzip: deflate, no flags, no time (dumps of the same state have the same bytes), unknown system.
    if (this.#container === "gzip") return Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    // zlib: window of 32 KiB, and the level as zlib itself would say it; together a multiple of 31.
    const said = this.#level === 1 ? 0x01 : this.#level < 6 ? 0x5e : this.#level === 6 ? 0x9c : 0xda;
    return Buffer.from([0x78, said]);
  }
}

/**
 * As much memory as a stream of `length` bytes can use: by default 400 KiB are taken for each, and thousands of them set
 * the garbage collector going. The window holds all of the stream and the 262 bytes that zlib keeps free.
 */
function smallWindow(length: number): zlib.ZlibOptions {
  const windowBits = Math.min(15, Math.max(9, Math.ceil(Math.log2(length + 262))));
  // A block of deflate has at most 2 ** (memLevel + 6) literals and matches.
  const memLevel = windowBits - 6;
  return { windowBits, memLevel, chunkSize: Math.max(256, length + (length >> 8) + 64) };
}

/** A copy of the last bytes, for the block itself goes back to its owner before the next one is compressed. */
function nextDictionary(previous: Buffer | undefined, block: Buffer): Buffer {
  if (block.length >= DICTIONARY_SIZE || previous === undefined) {
    return Buffer.from(block.subarray(Math.max(0, block.length - DICTIONARY_SIZE)));
  }
  const both = Buffer.concat([previous, block]);
  return both.subarray(Math.max(0, both.length - DICTIONARY_SIZE));
}
