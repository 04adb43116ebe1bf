import { promisify } from "node:util";
import * as zlib from "node:zlib";

const compress = promisify(zlib.zstdCompress) as (block: Buffer, options: zlib.ZstdOptions) => Promise<Buffer>;

/** Bytes that cannot be compressed grow by less than this. Zstd works without copies of its own if it has so much room. */
const MAX_GROWTH = 16 * 1024;

/** One whole zstd frame with size and checksum, made in the thread pool. `parameters` replace those of the level. */
export function compressZstd(
  block: Buffer,
  level: number,
  parameters: Readonly<Record<number, number>>,
): Promise<Buffer> {
  return compress(block, optionsFor(block, level, parameters));
}

/** {@link compressZstd} at once, for blocks so small that sending them through the thread pool would take longer. */
export function compressZstdSync(block: Buffer, level: number): Buffer {
  return zlib.zstdCompressSync(block, optionsFor(block, level, {}));
}

function optionsFor(block: Buffer, level: number, parameters: Readonly<Record<number, number>>): zlib.ZstdOptions {
  return {
    chunkSize: block.length + MAX_GROWTH,
    pledgedSrcSize: block.length,
    params: {
      [zlib.constants.ZSTD_c_compressionLevel]: level,
      [zlib.constants.ZSTD_c_checksumFlag]: 1,
      ...parameters,
    },
  };
}
