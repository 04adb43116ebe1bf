import type { EarlierArchives } from "../ports/earlier-archives.ts";
import { createCodec } from "../stages/codec.ts";
import { earlierArchives } from "../stages/earlier/archives.ts";
import { encryptedFile } from "../stages/encryption/encrypted-file.ts";
import { TemporaryFile } from "../storage/local/temporary-file.ts";

/** Reads archives of dbbackup 1 to 3. What they held may have been encrypted, and is no less secret on this disk. */
export function openEarlierArchives(): EarlierArchives {
  return earlierArchives(
    createCodec(),
    async (bytes, key) => await encryptedFile(await TemporaryFile.open(key), bytes),
  );
}
