import { Readable } from "node:stream";
import { promisify } from "node:util";
import { createGunzip, createInflate, createZstdDecompress, deflate, gzip, zstdCompress } from "node:zlib";
import { BackupError } from "../../src/core/backup-error.ts";
import type { CompressionMethod } from "../../src/core/compression.ts";
import type { Codec } from "../../src/ports/codec.ts";

/** The codec port in its simplest form, by whole streams in memory: for tests of formats, not of speed. No lz4. */
export const simpleCodec: Codec = {
  open({ compression, output, recycle, container }) {
    const blocks: Buffer[] = [];
    return {
      async write(block) {
        if (compression.method === "none") await output(block);
        else blocks.push(Buffer.from(block));
        recycle?.(block);
      },
      async end() {
        const plain = Buffer.concat(blocks);
        const compress = container === "gzip" ? gzip : deflate;
        if (compression.method === "gzip") await output(await promisify(compress)(plain));
        if (compression.method === "zstd") await output(await promisify(zstdCompress)(plain));
      },
    };
  },
  async *decompress(method, container, source, { maxPlainBytes = Number.POSITIVE_INFINITY }) {
    let total = 0;
    const stream = Readable.from(source);
    const plain = method === "none" ? stream : stream.pipe(decompressor(method, container));
    stream.on("error", (error) => plain.destroy(error));
    try {
      for await (const piece of plain) {
        total += piece.length;
        if (total > maxPlainBytes) throw new BackupError({ code: "DAMAGED", message: "too many plain bytes" });
        yield piece;
      }
    } catch (error) {
      if (error instanceof BackupError) throw error;
      throw new BackupError({ code: "DAMAGED", message: "compressed data is damaged", cause: error });
    }
  },
};

function decompressor(method: CompressionMethod, container: "zlib" | "gzip") {
  if (method === "zstd") return createZstdDecompress();
  return container === "gzip" ? createGunzip() : createInflate();
}
