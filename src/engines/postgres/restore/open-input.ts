import { BackupError } from "../../../core/backup-error.ts";
import type { Codec } from "../../../ports/codec.ts";
import type { RestoreInput } from "../../../ports/restore.ts";
import { openPlainInput, type PlainInput } from "../../common/plain-input.ts";
import { looksLikeArchive } from "../archive/decode-archive.ts";
import { looksLikeTar } from "../archive/tar/tar-header.ts";

/** What the first bytes of an input say it is. */
export interface RecognizedInput extends PlainInput {
  readonly format: "archive" | "script";
}

/**
 * Recognizes archives and scripts, also compressed, by their first bytes; never by a name.
 * @throws BackupError FOREIGN_FILE when it is neither
 */
export async function recognizeInput(
  input: Exclude<RestoreInput, { kind: "folder" }>,
  codec: Codec,
  maxPlainBytes: number | undefined,
): Promise<RecognizedInput> {
  const plain = await openPlainInput(input, codec, maxPlainBytes);
  return { ...plain, ...recognize(plain.head) };
}

function recognize(start: Buffer): { readonly format: "archive" | "script" } {
  if (looksLikeArchive(start) || looksLikeTar(start)) return { format: "archive" };
  const isText = !start.includes(0) && start.length > 0;
  if (isText) return { format: "script" };
  if (start.length > 1 && (start.readUInt16LE() === 0xfeff || start.readUInt16BE() === 0xfeff)) {
    throw new BackupError({
      code: "FOREIGN_FILE",
      message: "the file is text in UTF-16, which no server takes",
      hint: "convert it (iconv -f UTF-16 -t UTF-8), or dump with pg_dump -f FILE instead of > in PowerShell",
    });
  }
  throw new BackupError({
    code: "FOREIGN_FILE",
    message: start.length === 0 ? "the file is empty" : "the file is neither an archive nor an SQL script",
    hint: "give an archive of dbbackup or pg_dump, or a plain SQL script",
  });
}
