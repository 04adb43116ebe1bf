import { BackupError } from "../../../core/backup-error.ts";
import type { CompressionMethod } from "../../../core/compression.ts";
import type { Codec } from "../../../ports/codec.ts";
import { archiveLimits } from "./archive-limits.ts";
import type { StoredStream } from "./stored-stream.ts";

/**
 * Plain bytes in pieces of at most 1 MiB, each valid until the next one is asked for. Can be read once; may be left early or
 * not read at all.
 */
export interface PlainData {
  chunks(): AsyncIterable<Buffer>;
}

/** A table's rows in COPY's text format up to and including the end-of-data line, or INSERT statements. */
export interface TableDataBlock extends PlainData {
  readonly kind: "table-data";
  readonly dumpId: number;
  /** How many of its stored bytes were read so far. */
  readonly readBytes: number;
}

export interface LargeObjectData extends PlainData {
  readonly oid: number;
}

export interface LargeObjectsBlock {
  readonly kind: "large-objects";
  readonly dumpId: number;
  /** One after the other: asking for the next skips what was not read of the one before. */
  objects(): AsyncIterable<LargeObjectData>;
}

export type DataBlock = TableDataBlock | LargeObjectsBlock;

/** How the compressed streams of an archive are read. */
export interface StreamFormat {
  readonly method: CompressionMethod;
  /** What a gzip stream is wrapped in: `zlib` inside custom archives, `gzip` in files of their own. */
  readonly container: "zlib" | "gzip";
  readonly codec: Codec;
  /** When known: how many plain bytes one stream may give at most. Replaces the bound on the ratio. */
  readonly maxPlainBytes?: number;
}

/** A block whose beginning was read; `skipRest` moves behind it, however much of it was read. */
export type OpenBlock = DataBlock & { skipRest(): Promise<void> };

export function openTableDataBlock(dumpId: number, stored: StoredStream, format: StreamFormat): OpenBlock {
  const start = stored.position;
  return {
    kind: "table-data",
    dumpId,
    get readBytes() {
      return stored.position - start;
    },
    chunks: () => plainChunks(stored, format, true),
    skipRest: () => stored.skipRest(),
  };
}

/** A large object as it lies in an archive. */
export interface StoredLargeObject {
  readonly oid: number;
  readonly stored: StoredStream;
  readonly format: StreamFormat;
}

/** @param next begins the next object, when the one before was passed; undefined at the end. */
export function openLargeObjectsBlock(dumpId: number, next: () => Promise<StoredLargeObject | undefined>): OpenBlock {
  let current: StoredLargeObject | undefined;
  let ended = false;
  const nextObject = async (): Promise<LargeObjectData | undefined> => {
    if (ended) return undefined;
    await current?.stored.skipRest();
    current = await next();
    ended = current === undefined;
    if (current === undefined) return undefined;
    const { oid, stored, format } = current;
    return { oid, chunks: () => plainChunks(stored, format, true) };
  };
  return {
    kind: "large-objects",
    dumpId,
    async *objects() {
      for (let object = await nextObject(); object !== undefined; object = await nextObject()) yield object;
    },
    async skipRest() {
      while ((await nextObject()) !== undefined);
    },
  };
}

/**
 * Decompresses a stream, bounding what comes out of it.
 * @param passing whether the reader is done with a piece when it asks for the next
 */
export async function* plainChunks(
  stored: StoredStream,
  format: StreamFormat,
  passing = false,
): AsyncGenerator<Buffer> {
  const { codec, method, container, maxPlainBytes } = format;
  let plainBytes = 0;
  const options = { passing, ...(maxPlainBytes === undefined ? {} : { maxPlainBytes }) };
  for await (const chunk of codec.decompress(method, container, stored.pieces(), options)) {
    plainBytes += chunk.length;
    if (maxPlainBytes === undefined) refuseBomb(plainBytes, stored.storedBytes, method, stored.position);
    yield chunk;
  }
}

function refuseBomb(plainBytes: number, storedBytes: number, method: CompressionMethod, position: number): void {
  const { unquestionedPlainBytes } = archiveLimits;
  const ratio = method === "gzip" ? archiveLimits.deflateRatio : archiveLimits.plainRatio;
  if (plainBytes <= unquestionedPlainBytes || plainBytes <= storedBytes * ratio) return;
  throw new BackupError({
    code: "DAMAGED",
    message: `compressed data gives more than ${ratio} times its size (${plainBytes} of ${storedBytes} bytes) near byte ${position}`,
    hint: "if you trust this archive, give the size it may have with --max-plain-size",
  });
}
