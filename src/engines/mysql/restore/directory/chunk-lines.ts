import { BackupError } from "../../../../core/backup-error.ts";
import type { CompressionMethod } from "../../../../core/compression.ts";
import type { BackupFiles } from "../../../../ports/backup-files.ts";
import type { Codec } from "../../../../ports/codec.ts";
import type { DirectoryChunk } from "../../directory/directory-index.ts";
import { fileBytes } from "../../directory/file-bytes.ts";

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
  try {
    yield* codec.decompress(compression, "gzip", fileBytes(files, file), { maxPlainBytes: bytes, passing: true });
  } catch (error) {
    throw error instanceof BackupError && error.code === "DAMAGED" ? error.on(file) : error;
  }
}
