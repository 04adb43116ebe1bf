import { Readable } from "node:stream";
import { promisify } from "node:util";
import { createInflate, createZstdDecompress, deflate, zstdCompress } from "node:zlib";
import { BackupError } from "../../src/core/backup-error.ts";
import type { Codec } from "../../src/ports/codec.ts";

/** The codec port in its simplest form, by whole streams in memory: for tests of formats, not of speed. No lz4. */
export const simpleCodec: Codec = {
  open({ compression, output, recycle }) {
    const blocks: Buffer[] = [];
    return {
      async write(block) {
        if (compression.method === "none") await output(block);
        else blocks.push(Buffer.from(block));
        recycle?.(block);
      },
      async end() {
        const plain = Buffer.concat(blocks);
        if (compression.method === "gzip") await output(await promisify(deflate)(plain));
        if (compression.method === "zstd") await output(await promisify(zstdCompress)(plain));
      },
    };
  },
  async *decompress(method, _container, source, { maxPlainBytes = Number.POSITIVE_INFINITY }) {
    let total = 0;
    const stream = Readable.from(source);
    const plain =
      method === "none" ? stream : stream.pipe(method === "gzip" ? createInflate() : createZstdDecompress());
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
