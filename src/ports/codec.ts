import type { Compression, CompressionMethod } from "../core/compression.ts";

/**
 * One compressed stream in the making. Blocks are compressed beside each other in threads, and come out in order; how
 * many are in flight is bounded by the codec, for the whole process.
 */
export interface CompressStream {
  /**
   * Takes the block over: its memory must not be touched until `recycle` gives it back. Blocks of about 1 MiB are best.
   * Resolves when there is room for the next block. An earlier block's failure rejects here or in `end`.
   */
  write(block: Buffer): Promise<void>;
  /** Ends the stream (also one with no bytes is valid) and resolves when the last output was taken. */
  end(): Promise<void>;
}

export interface OpenCompressStream {
  readonly compression: Compression;
  /**
   * Called in order, never overlapping. Each piece is non-empty; for zstd each is exactly one whole frame. Its memory is
   * used again when the call has resolved.
   */
  readonly output: (piece: Buffer) => Promise<void>;
  /** Gives blocks back that are no longer needed, for a pool. */
  readonly recycle?: (block: Buffer) => void;
  /**
   * What the whole stream is: `zlib` (RFC 1950, inside custom archives) or `gzip` (RFC 1952, files). Only for method gzip.
   * zstd and lz4 are their frame formats in both.
   */
  readonly container: "zlib" | "gzip";
}

/** How decompression is read. */
export interface DecompressOptions {
  /** Fails when more plain bytes than this come out, so that a small hostile file cannot fill memory or disk. */
  readonly maxPlainBytes?: number;
  /**
   * Whether the reader is done with a piece when it asks for the next: then its memory is given back, and whoever looks at
   * it later finds it empty. Else pieces are valid for ever.
   */
  readonly passing?: boolean;
}

/** Compression methods as the engines need them. */
export interface Codec {
  open(options: OpenCompressStream): CompressStream;
  /**
   * Plain bytes of one compressed stream (joined gzip members and zstd or lz4 frames included), in pieces of at most
   * 1 MiB. The pieces of `source` need to be valid only until the next one is asked for, but with method `none`, where
   * they are what comes out. Trailing bytes after the end of a zlib stream, a truncated stream or a wrong checksum fail with DAMAGED.
   */
  decompress(
    method: CompressionMethod,
    container: "zlib" | "gzip",
    source: AsyncIterable<Uint8Array>,
    options: DecompressOptions,
  ): AsyncIterable<Buffer>;
}
