import { BackupError } from "../../../core/backup-error.ts";
import type { RowTotals } from "../../../core/row-totals.ts";
import type { ExpectedRows } from "../../../ports/restore.ts";
import type { RowScanner } from "../../../wire/postgres/row-scanner.ts";

export interface StoredRows {
  /** COPY text in pieces cut anywhere. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Whether the text must end with the line `\\.`: in archives, not in scripts, whose reader has taken it away. */
  readonly hasEndLine: boolean;
  /** Freshly reset. */
  readonly scanner: RowScanner;
  readonly expected: ExpectedRows | undefined;
  /** For messages. */
  readonly table: string;
  /** Bytes that were passed on. */
  readonly onBytes: (count: number) => void;
}

/**
 * Passes the rows of a table on, without the line that ends them, counting and checking them on the way.
 * @param write a piece is used again when it has resolved
 * @throws BackupError DAMAGED when they do not end well or are not those of the metadata
 */
export async function passRows(stored: StoredRows, write: (rows: Uint8Array) => Promise<void>): Promise<RowTotals> {
  const { scanner, chunks, hasEndLine, expected, table, onBytes } = stored;
  for await (const chunk of chunks) {
    if (scanner.ended) {
      requireOnlyLineEnds(chunk, table);
      continue;
    }
    const { rows, rest } = scanner.push(chunk);
    for (const part of rows) {
      await write(part);
      onBytes(part.length);
    }
    if (rest !== undefined) requireOnlyLineEnds(rest, table);
  }
  if (hasEndLine && !scanner.ended) throw damaged(table, "the line that ends them is missing");
  const totals = scanner.finish();
  if (expected !== undefined) compareTotals(totals, expected, table);
  return totals;
}

function compareTotals(totals: RowTotals, expected: ExpectedRows, table: string): void {
  if (totals.rows !== expected.rows) {
    throw damaged(table, `there are ${totals.rows}, and the metadata says ${expected.rows}`);
  }
  if (totals.checksum !== expected.checksum) throw damaged(table, "their checksum is not that of the metadata");
}

function requireOnlyLineEnds(bytes: Uint8Array, table: string): void {
  if (bytes.every((byte) => byte === 0x0a)) return;
  throw damaged(table, "there is more behind the line that ends them");
}

function damaged(table: string, what: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the rows of table "${table}" are not what was backed up: ${what}`,
    object: table,
    hint: "restore from another copy, or an earlier backup; `verify` shows what else is damaged",
  });
}
