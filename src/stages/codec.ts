import { availableParallelism } from "node:os";
import type { CompressionMethod } from "../core/compression.ts";
import type { Codec, CompressStream, DecompressOptions, OpenCompressStream } from "../ports/codec.ts";
import type { BlockCompressor } from "./block-stream.ts";
import { BlockStream, COMPRESS_BLOCK_SIZE } from "./block-stream.ts";
import { BufferPool } from "./buffer-pool.ts";
import { damagedStream } from "./damaged-stream.ts";
import { decompressGzip } from "./decompress-gzip.ts";
import { decompressLz4 } from "./decompress-lz4.ts";
import { decompressZstd } from "./decompress-zstd.ts";
import { DeflateThreads } from "./deflate/deflate-threads.ts";
import { DeflateBlocks } from "./deflate-blocks.ts";
import { freeMemory } from "./free-memory.ts";
import { JobSlots } from "./job-slots.ts";
import { Lz4Compressor } from "./lz4-compressor.ts";
import { ZstdContexts } from "./zstd-contexts.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** Blocks that are compressed at once: as many as the thread pool has threads where nobody says how many. Memory grows with it: 2.1 MiB each. */
const LEAST_SLOTS = 4;
/** As many as the launcher lets the thread pool have. */
const MOST_SLOTS = 16;
/** What a session reads at a time takes a processor up to twice as long to compress. */
const SLOTS_OF_JOB = 2;
/** Buffers for gathering small blocks that are kept while none is gathered. */
const KEPT_BUFFERS = 2;
/** Plain bytes leave in pieces of at most this size. */
const MAX_PIECE = 1024 * 1024;

/**
 * The compression methods, sharing one bound on the blocks under way. One for the process.
 * @param jobs how many sessions bring rows beside each other
 */
export function createCodec(jobs = 1, processors = availableParallelism()): Codec {
  const count = slotsFor(jobs, processors);
  const slots = new JobSlots(count);
  const threads = new DeflateThreads(count);
  const contexts = new ZstdContexts(count);
  const pool = new BufferPool(COMPRESS_BLOCK_SIZE, KEPT_BUFFERS);
  return {
    open(options) {
      const { output, recycle = () => undefined } = options;
      if (options.compression.method === "none") return passThrough(output, recycle);
      return new BlockStream(openCompressor(options, slots, threads, contexts), pool, output, recycle);
    },
    decompress(method, container, source, options) {
      return bounded(method, openDecompressor(method, container, source), options);
    },
  };
}

/** Many blocks are compressed at once only where many sessions were asked for, and there are processors for them. */
export function slotsFor(jobs: number, processors: number): number {
  return Math.max(LEAST_SLOTS, Math.min(jobs * SLOTS_OF_JOB, processors, MOST_SLOTS));
}

function openCompressor(
  { compression, container }: OpenCompressStream,
  slots: JobSlots,
  threads: DeflateThreads,
  contexts: ZstdContexts,
): BlockCompressor {
  const { method, level } = compression;
  switch (method) {
    case "gzip":
      return new DeflateBlocks(container, level, slots, threads);
    case "zstd":
      return new ZstdFrames(level, slots, contexts);
    case "lz4":
      return new Lz4Compressor();
    default:
      throw new Error(`no compressor for "${method}"`);
  }
}

function openDecompressor(
  method: CompressionMethod,
  container: "zlib" | "gzip",
  source: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  switch (method) {
    case "none":
      return source;
    case "gzip":
      return decompressGzip(container, source);
    case "zstd":
      return decompressZstd(source);
    case "lz4":
      return decompressLz4(source);
    default:
      throw new Error(`no decompressor for "${method satisfies never}"`);
  }
}

function passThrough(output: (piece: Buffer) => Promise<void>, recycle: (block: Buffer) => void): CompressStream {
  return {
    async write(block) {
      try {
        if (block.length > 0) await output(block);
      } finally {
        recycle(block);
      }
    },
    async end() {},
  };
}

async function* bounded(
  method: CompressionMethod,
  pieces: AsyncIterable<Uint8Array>,
  { maxPlainBytes = Number.POSITIVE_INFINITY, passing = false }: DecompressOptions,
): AsyncGenerator<Buffer> {
  let total = 0;
  let last: Buffer | undefined;
  for await (const piece of pieces) {
    total += piece.length;
    if (total > maxPlainBytes) throw damagedStream(method, `holds more than the ${maxPlainBytes} bytes it should`);
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let at = 0; at < bytes.length; at += MAX_PIECE) yield bytes.subarray(at, at + MAX_PIECE);
    if (!passing || method === "none") continue;
    last = isEndOfItsMemory(bytes) ? undefined : bytes;
    if (last === undefined) freeMemory(bytes);
  }
  if (last !== undefined) freeMemory(last);
}

/** Else the decompressor fills the rest of it with the next pieces. */
function isEndOfItsMemory({ byteOffset, byteLength, buffer }: Buffer): boolean {
  return byteOffset + byteLength === buffer.byteLength;
}
