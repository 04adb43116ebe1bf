import { BackupError } from "../../../core/backup-error.ts";
import type { RowTotals } from "../../../core/row-totals.ts";
import type { RowScanner } from "../../../wire/postgres/row-scanner.ts";

/**
 * Counts and checksums the rows of one table.
 * @param hasEndLine whether the line `\.` must end them: in archives, not in scripts, whose reader has taken it away
 * @throws BackupError DAMAGED
 */
export async function checkRows(
  chunks: AsyncIterable<Buffer>,
  scanner: RowScanner,
  hasEndLine: boolean,
): Promise<RowTotals> {
  scanner.reset();
  for await (const chunk of chunks) {
    const rest = scanner.ended ? chunk : scanner.push(chunk).rest;
    // pg_dump puts two line feeds behind the line that ends the rows.
    if (rest?.some((byte) => byte !== 0x0a)) throw damagedRows("there is more behind the line that ends them");
  }
  if (hasEndLine && !scanner.ended) throw damagedRows("the line that ends them is missing");
  return scanner.finish();
}

function damagedRows(what: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the rows are not what was backed up: ${what}`,
    hint: "use another copy, or an earlier backup",
  });
}
