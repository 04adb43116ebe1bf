import { BackupError } from "../../../core/backup-error.ts";
import type { Compression, CompressionMethod } from "../../../core/compression.ts";
import type { Codec } from "../../../ports/codec.ts";
import { archiveDamage } from "./archive-damage.ts";
import { archiveLimits } from "./archive-limits.ts";
import { ChunkReader } from "./chunk-reader.ts";
import type { InputBytes } from "./input-bytes.ts";
import { decodeValue } from "./value-cursor.ts";

/** Plain bytes in pieces of at most 1 MiB. Can be read once; may be left early or not read at all. */
export interface PlainData {
  chunks(): AsyncIterable<Buffer>;
}

/** A table's rows in COPY's text format up to and including the end-of-data line, or INSERT statements. */
export interface TableDataBlock extends PlainData {
  readonly kind: "table-data";
  readonly dumpId: number;
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

/** How the blocks of an archive are read. */
export interface BlockFormat {
  readonly integerSize: number;
  readonly compression: Compression;
  readonly codec: Codec;
  /** When known: how many plain bytes one stream may give at most. Replaces the bound on the ratio. */
  readonly maxPlainBytes: number | undefined;
}

/** A block whose type and dump id were read; `skipRest` moves behind it, however much of it was read. */
export type OpenBlock = DataBlock & { skipRest(): Promise<void> };

export function openTableDataBlock(input: InputBytes, dumpId: number, format: BlockFormat): OpenBlock {
  const stored = new ChunkReader(input, format.integerSize);
  return {
    kind: "table-data",
    dumpId,
    chunks: () => plainChunks(stored, input, format),
    skipRest: () => stored.skipRest(),
  };
}

export function openLargeObjectsBlock(input: InputBytes, dumpId: number, format: BlockFormat): OpenBlock {
  let stored: ChunkReader | undefined;
  let ended = false;
  const nextObject = async (): Promise<LargeObjectData | undefined> => {
    if (ended) return undefined;
    await stored?.skipRest();
    // The OID went through C's signed int.
    const oid = await decodeValue(input, format.integerSize, (cursor) => cursor.int() >>> 0);
    ended = oid === 0;
    if (ended) return undefined;
    const current = new ChunkReader(input, format.integerSize);
    stored = current;
    return { oid, chunks: () => plainChunks(current, input, format) };
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

async function* plainChunks(stored: ChunkReader, input: InputBytes, format: BlockFormat): AsyncGenerator<Buffer> {
  const { codec, compression, maxPlainBytes } = format;
  let plainBytes = 0;
  const limits = maxPlainBytes === undefined ? {} : { maxPlainBytes };
  const source = stored.pieces();
  for await (const chunk of codec.decompress(compression.method, "zlib", source, limits)) {
    plainBytes += chunk.length;
    if (maxPlainBytes === undefined) refuseBomb(plainBytes, stored.storedBytes, compression.method, input.position);
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

/** An unknown block type. */
export function unknownBlock(type: number, position: number): BackupError {
  return archiveDamage(`a data block has the unknown type ${type}`, position);
}
