import { foreignFile } from "../../common/foreign-file.ts";
import { looksLikeArchive } from "../archive/decode-archive.ts";
import { looksLikeTar } from "../archive/tar/tar-header.ts";

/** How many of the first bytes tell everything. */
export const RECOGNIZED_BYTES = 512;

/**
 * What a file of plain bytes is: an archive in custom or tar format, or a script.
 * @throws BackupError FOREIGN_FILE when it is neither.
 */
export function recognizeFormat(head: Buffer): "archive" | "plain" {
  if (looksLikeArchive(head) || looksLikeTar(head)) return "archive";
  // A script is text. Its values may hold bytes of any encoding, but its first lines are a comment and settings.
  const isText =
    head.length > 0 && !head.some((byte) => byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b);
  if (isText) return "plain";
  throw foreignFile(head, {
    message: "this is neither an archive nor a script of pg_dump or dbbackup",
    hint: "name a backup",
  });
}
