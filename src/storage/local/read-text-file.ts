import { createReadStream } from "node:fs";
import { BackupError } from "../../core/backup-error.ts";
import { ioError } from "./io-error.ts";

/** Listings of a million entries are about 100 MB. */
const maxBytes = 512 * 1024 * 1024;

/**
 * The text of a file that the user names: a pipe too, as shells make them for `<(command)`.
 * @throws BackupError IO, USAGE when it is too long to be meant
 */
export async function readTextFile(path: string): Promise<string> {
  return await textOf(path, createReadStream(path));
}

/** The text of a stream. @param name for messages */
export async function textOf(name: string, stream: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of stream) {
      length += piece.length;
      if (length > maxBytes) break;
      pieces.push(piece);
    }
  } catch (cause) {
    throw ioError("reading", name, cause);
  }
  if (length <= maxBytes) return Buffer.concat(pieces).toString("utf8");
  throw new BackupError({
    code: "USAGE",
    message: `"${name}" is longer than ${maxBytes} bytes`,
    hint: "name a text file",
  });
}
