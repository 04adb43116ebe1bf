import type { Codec } from "../../../ports/codec.ts";
import type { RestoreInput } from "../../../ports/restore.ts";
import { foreignFile } from "../../common/foreign-file.ts";
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
  throw foreignFile(start, {
    message: "the file is neither an archive nor an SQL script",
    hint: "give an archive of dbbackup or pg_dump, or a plain SQL script",
  });
}
