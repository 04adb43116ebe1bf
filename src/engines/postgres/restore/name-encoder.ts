import { BackupError } from "../../../core/backup-error.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";

/** Turns a name that a person typed into the bytes (binary string) it has in a backup. */
export type NameEncoder = (name: string) => string;

/**
 * The other direction of a {@link NameDecoder}: UTF-8 bytes where the decoder reads them so, else by the table of the
 * single-byte encoding that it is.
 * @throws BackupError USAGE for characters that the encoding does not have
 */
export function nameEncoder(decode: NameDecoder): NameEncoder {
  const byteOf = new Map(Array.from({ length: 256 }, (_, byte) => [decode(String.fromCharCode(byte)), byte]));
  return (name) => {
    const utf8 = Buffer.from(name, "utf8").toString("latin1");
    if (decode(utf8) === name) return utf8;
    const bytes = Array.from(name, (character) => byteOf.get(character));
    if (!bytes.includes(undefined)) return Buffer.from(bytes as number[]).toString("latin1");
    throw new BackupError({
      code: "USAGE",
      message: `the name "${name}" cannot be written in the encoding of the backup`,
      hint: "choose a name of plain letters and digits",
    });
  };
}
