import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { printable } from "../../core/printable.ts";
import type { Destination } from "./backup-destination.ts";
import { backupSummary } from "./backup-summary.ts";
import type { Output } from "./output.ts";

/**
 * Prints what became of a backup: to people only when stdout may not be the backup itself.
 * @param more for the document
 */
export function reportBackup(
  metadata: BackupMetadata,
  destination: Destination,
  output: Output,
  more: object = {},
): void {
  for (const warning of metadata.warnings ?? []) output.warn(warning);
  output.document({ ...metadata, ...more });
  if (destination.kind === "stream") return;
  output.print(...backupSummary(metadata, destination.storage.location).map((line) => printable(line)));
}
