import { BackupError } from "../../../../core/backup-error.ts";
import type { RestoreRequest } from "../../../../ports/restore.ts";
import { type DirectoryIndex, tablesWithData } from "../../directory/directory-index.ts";

/** @throws BackupError DAMAGED when index and metadata tell of different rows */
export function requireExpectedIndex(
  index: DirectoryIndex,
  { expectedRows }: Pick<RestoreRequest, "expectedRows">,
): void {
  for (const { name, data } of tablesWithData(index)) {
    const expected = expectedRows?.get(`${index.database}\0${name}`);
    if (expected === undefined) continue;
    if (expected.rows === data.rows && expected.checksum === data.checksum) continue;
    throw new BackupError({
      code: "DAMAGED",
      message: `index and metadata of the backup tell of different rows of table "${name}"`,
      object: name,
      hint: "use another copy of the backup",
    });
  }
}
