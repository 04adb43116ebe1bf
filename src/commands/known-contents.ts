import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import type { ExpectedRows, RestoreRequest, TableKey } from "../ports/restore.ts";

/** What its metadata says of the rows that a restore expects. */
export function knownContents(
  metadata: BackupMetadata | undefined,
): Pick<RestoreRequest, "expectedRows" | "plainBytes"> {
  const objects = metadata?.objects;
  if (objects === undefined) return {};
  const expectedRows = new Map<TableKey, ExpectedRows>();
  let plainBytes = 0;
  for (const { type, schema, name, rows, bytes, checksum, rows_as } of objects) {
    plainBytes += bytes;
    if (
      type === "table" &&
      rows_as === undefined &&
      schema !== undefined &&
      name !== undefined &&
      checksum !== undefined
    ) {
      expectedRows.set(`${schema}\0${name}`, { rows, bytes, checksum });
    }
  }
  return { expectedRows, plainBytes };
}
