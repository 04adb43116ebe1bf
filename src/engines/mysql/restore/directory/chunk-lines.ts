import { BackupError } from "../../../../core/backup-error.ts";
import type { CompressionMethod } from "../../../../core/compression.ts";
import type { BackupFiles } from "../../../../ports/backup-files.ts";
import type { Codec } from "../../../../ports/codec.ts";
import type { DirectoryChunk } from "../../directory/directory-index.ts";
import { fileBytes } from "../../directory/file-bytes.ts";

/** What is read at once of a file that is not compressed. */
const readBytes = 256 * 1024;

/**
 * The lines of a chunk; each piece is valid until the next one is asked for.
 * @throws BackupError DAMAGED when the file cannot be decompressed, or gives more than the index says
 */
export async function* chunkLines(
  files: BackupFiles,
  { file, bytes }: DirectoryChunk,
  compression: CompressionMethod,
  codec: Codec,
): AsyncGenerator<Uint8Array> {
  if (compression === "none") {
    yield* passingBytes(files, file);
    return;
  }
  try {
    yield* codec.decompress(compression, "gzip", fileBytes(files, file), { maxPlainBytes: bytes, passing: true });
  } catch (error) {
    throw error instanceof BackupError && error.code === "DAMAGED" ? error.on(file) : error;
  }
}

/** In one memory: gigabytes of fresh buffers would wait for the garbage collector. */
async function* passingBytes(files: BackupFiles, name: string): AsyncGenerator<Uint8Array> {
  const object = await files.open(name);
  try {
    const memory = Buffer.allocUnsafe(Math.min(readBytes, Math.max(1, object.size)));
    for (let at = 0; at < object.size; ) {
      const count = await object.readAt(at, memory);
      if (count === 0) return;
      at += count;
      yield memory.subarray(0, count);
    }
  } finally {
    await object.close();
  }
}
