import { BackupError } from "../../core/backup-error.ts";
import { plainLimits } from "../../core/plain-limits.ts";
import type { CheckedFile } from "../../ports/backup-checker.ts";

/** Where no metadata says how large a compressed file is inside, the ratio is bounded. */
export async function* withoutBomb(plain: AsyncIterable<Buffer>, source: CheckedFile): AsyncGenerator<Buffer> {
  const { unquestionedPlainBytes, plainRatio } = plainLimits;
  const { object } = source;
  const most = source.plainSize ?? source.maxPlainBytes ?? Math.max(unquestionedPlainBytes, object.size * plainRatio);
  let total = 0;
  for await (const piece of plain) {
    total += piece.length;
    if (total > most) {
      throw new BackupError({
        code: "DAMAGED",
        message: `more than ${most} bytes come out of ${object.size} compressed ones`,
        hint: "the file was changed, or made to fill memory or disk; use another copy",
      });
    }
    yield piece;
  }
}
