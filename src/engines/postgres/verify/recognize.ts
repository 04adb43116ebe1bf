import { BackupError } from "../../../core/backup-error.ts";
import type { CompressionMethod } from "../../../core/compression.ts";

/** How many of the first bytes tell everything. */
export const RECOGNIZED_BYTES = 512;
const TAR_MAGIC_AT = 257;

/** The compression that a file's first bytes show. */
export function recognizeCompression(head: Buffer): CompressionMethod {
  if (head.length >= 2 && head.readUInt16BE() === 0x1f8b) return "gzip";
  if (head.length >= 4 && head.readUInt32LE() === 0xfd2fb528) return "zstd";
  if (head.length >= 4 && head.readUInt32LE() === 0x184d2204) return "lz4";
  return "none";
}

/**
 * What a file of plain bytes is.
 * @throws BackupError FOREIGN_FILE when it is neither archive nor script, UNSUPPORTED_FORMAT for a tar archive.
 */
export function recognizeFormat(head: Buffer): "custom" | "plain" {
  if (head.toString("latin1", 0, 5) === "PGDMP") return "custom";
  if (head.toString("latin1", TAR_MAGIC_AT, TAR_MAGIC_AT + 5) === "ustar") {
    throw new BackupError({
      code: "UNSUPPORTED_FORMAT",
      message: "archives in tar format cannot be read yet",
      hint: "use pg_restore, or convert it to an archive in custom format",
    });
  }
  // A script is text. Its values may hold bytes of any encoding, but its first lines are a comment and settings.
  const isText =
    head.length > 0 && !head.some((byte) => byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b);
  if (isText) return "plain";
  throw new BackupError({
    code: "FOREIGN_FILE",
    message: head.length === 0 ? "the file is empty" : "this is neither an archive nor a script of pg_dump or dbbackup",
    hint: "name a backup",
  });
}
