import { BackupError } from "../../core/backup-error.ts";
import { peekStream } from "../../core/peek-stream.ts";
import { plainLimits } from "../../core/plain-limits.ts";
import { recognizeCompression } from "../../core/recognize-compression.ts";
import type { Codec } from "../../ports/codec.ts";
import type { EarlierArchives } from "../../ports/earlier-archives.ts";
import { tarEntries } from "./tar-entries.ts";

const HEAD_BYTES = 4;

/** Reads the archives of dbbackup 1 to 3. */
export function earlierArchives(codec: Codec, spool: EarlierArchives["spool"]): EarlierArchives {
  return {
    async *entries(stored, size, maxPlainBytes) {
      const { head, all } = await peekStream(stored, HEAD_BYTES);
      if (recognizeCompression(head) !== "gzip") throw notGzip();
      const plain = codec.decompress("gzip", "gzip", all, { maxPlainBytes: maxPlainBytes ?? mostOf(size) });
      yield* tarEntries(plain);
    },
    async *plain(entry, maxPlainBytes) {
      const { head, all } = await peekStream(entry.bytes(), HEAD_BYTES);
      const compression = recognizeCompression(head);
      if (compression === "none") yield* all;
      else yield* codec.decompress(compression, "gzip", all, { maxPlainBytes: maxPlainBytes ?? mostOf(entry.size) });
    },
    spool,
  };
}

/** Nothing says how large what was compressed is: the ratio is bounded. */
function mostOf(size: number): number {
  return Math.max(plainLimits.unquestionedPlainBytes, size * plainLimits.deflateRatio);
}

function notGzip(): BackupError {
  return new BackupError({
    code: "FOREIGN_FILE",
    message: "it is no archive compressed with gzip, as dbbackup 1 to 3 wrote of a server",
    hint: "if it is encrypted, give its key with --key-file or --key-env",
  });
}
