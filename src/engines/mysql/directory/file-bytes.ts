import type { BackupFiles } from "../../../ports/backup-files.ts";

/** What is read at once. */
const PIECE_BYTES = 256 * 1024;

/** The bytes of a file of a folder, front to back. It is open while somebody reads it, and no longer. */
export async function* fileBytes(files: BackupFiles, name: string): AsyncGenerator<Buffer> {
  const object = await files.open(name);
  try {
    for (let at = 0; at < object.size; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, object.size - at));
      const count = await object.readAt(at, piece);
      if (count === 0) return;
      at += count;
      yield piece.subarray(0, count);
    }
  } finally {
    await object.close();
  }
}
