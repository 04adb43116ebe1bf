import { BackupError } from "../../../core/backup-error.ts";
import type { CheckedTable } from "../../../ports/backup-checker.ts";
import type { ExpectedRows, RestoreRequest, TableKey } from "../../../ports/restore.ts";

/**
 * Compares the rows that were read with what the metadata recorded. A table without rows stands in no statement.
 * @throws BackupError DAMAGED, naming the first table that is not as it was
 */
export function requireExpectedRows(found: readonly CheckedTable[], { expectedRows }: RestoreRequest): void {
  const tables = new Map(found.map((table) => [`${table.schema}\0${table.name}`, table]));
  for (const [key, expected] of expectedRows ?? []) {
    const table = tables.get(key) ?? tables.get(withoutSchema(key));
    const message = differenceOf(expected, table);
    if (message === undefined) continue;
    const name = key.replace("\0", ".");
    throw new BackupError({
      code: "DAMAGED",
      message: `table "${name}" ${message}`,
      object: name,
      hint: "the script is not what was written; restore from another copy",
    });
  }
}

/** Scripts do not say the database that they are for. */
function withoutSchema(key: TableKey): string {
  return key.slice(key.indexOf("\0"));
}

function differenceOf(expected: ExpectedRows, table: CheckedTable | undefined): string | undefined {
  if (table === undefined) return expected.rows === 0 ? undefined : `has no rows instead of ${expected.rows}`;
  const { totals } = table;
  if (totals === undefined) return undefined;
  if (totals.rows !== expected.rows) return `has ${totals.rows} rows instead of ${expected.rows}`;
  if (totals.checksum === expected.checksum) return undefined;
  return `has rows with the checksum ${totals.checksum} instead of ${expected.checksum}`;
}
