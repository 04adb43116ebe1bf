import { isDeepStrictEqual } from "node:util";
import type { DecodedContents } from "./archive-contents.ts";
import { archiveDamage } from "./archive-damage.ts";
import { decodeEntry } from "./decode-archive.ts";
import type { InputBytes } from "./input-bytes.ts";
import { decodeValue } from "./value-cursor.ts";

/**
 * The first byte of a repeated table of contents: the sign of a count of entries. No data block begins with it.
 */
export const repeatedContentsStart = 0;

/**
 * Passes over a second table of contents behind the data, and checks that it says what the first one does and that
 * nothing follows it. pg_dump goes back to write its table of contents again, with the positions of the data; since
 * version 16 it opens standard output to append, and so `pg_dump -Fc > file` has the second one at its end
 * (pg_backup_custom.c, _CloseArchive; pg_backup_archiver.c, _allocAH).
 * @throws BackupError DAMAGED
 */
export async function passRepeatedContents(input: InputBytes, { preamble, entries }: DecodedContents): Promise<void> {
  const { integerSize } = preamble;
  await decodeValue(input, integerSize, (cursor) => cursor.intIn(entries.length, entries.length, "the second count"));
  for (const expected of entries) {
    const at = input.position;
    const { entry } = await decodeValue(input, integerSize, (cursor) => decodeEntry(cursor, preamble));
    if (!isDeepStrictEqual(entry, expected)) {
      throw archiveDamage(`the second table of contents says something else of entry ${expected.dumpId}`, at);
    }
  }
  if ((await input.peek(1)).length > 0) throw archiveDamage("something follows the table of contents", input.position);
}
