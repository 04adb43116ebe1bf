import { counted } from "../../core/counted.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { formatBytes, formatDuration } from "./amounts.ts";
import { countedKind } from "./not-included-lines.ts";

/** What the backup cost those who work on the server. */
function snapshotLine({ consistency }: BackupMetadata): string[] {
  const { snapshot_seconds: seconds, snapshot_transactions: transactions } = consistency ?? {};
  if (seconds === undefined || transactions === undefined) return [];
  return [
    `  snapshot  open for ${formatDuration(seconds)}, vacuum held back by ${counted(transactions, "transaction")}`,
  ];
}

/** Lines about a backup that was made. @param location of the repository or folder */
export function backupSummary(metadata: BackupMetadata, location: string): string[] {
  const tables = (metadata.objects ?? []).filter((object) => object.type === "table");
  const sum = (of: (object: { rows: number; bytes: number }) => number): number =>
    tables.reduce((total, object) => total + of(object), 0);
  const rows = sum((object) => object.rows);
  const bytes = sum((object) => object.bytes);
  const seconds = metadata.duration_seconds ?? 0;
  const rate = seconds > 0 && bytes > 0 ? `, ${formatBytes(bytes / seconds)}/s` : "";
  const lines = [
    `backup ${metadata.id} of "${metadata.database}" is complete${partOf(metadata)}`,
    `  ${metadata.format === "directory" ? "folder" : "file  "}    ${location}/${metadata.backup_file}`,
    `  size      ${formatBytes(metadata.size_bytes)} (${metadata.format}, ${metadata.compression}${metadata.encrypted === true ? ", encrypted" : ""})`,
    metadata.objects === undefined
      ? "  data      not counted"
      : `  data      ${counted(tables.length, "table")}, ${counted(rows, "row")}, ${formatBytes(bytes)}`,
    `  duration  ${formatDuration(seconds)}${rate}`,
    ...snapshotLine(metadata),
    ...(metadata.engine === undefined ? [] : [`  read by   ${metadata.engine.version}`]),
    metadata.sha256 === undefined
      ? `  files     ${counted(metadata.artifacts.length, "file")}, each with its SHA-256 in the metadata`
      : `  sha256    ${metadata.sha256}`,
  ];
  if (metadata.resumed !== undefined) {
    lines.push(`  resumed   begun at ${metadata.timestamp}, resumed ${counted(metadata.resumed.length, "time")}`);
  }
  if (metadata.partial !== undefined) lines.push(`  partial   ${metadata.partial.join(" ")}`);
  const missing = (metadata.not_included ?? []).filter((item) => item.count > 0);
  if (missing.length > 0) {
    const named = missing.map(({ kind, count }) => countedKind(kind, count)).join(", ");
    lines.push(`  not in it ${named} (see: dbbackup show ${metadata.id})`);
  }
  return lines;
}

function partOf({ partial, sample }: BackupMetadata): string {
  if (sample !== undefined) return ", and holds a sample of its rows";
  return partial === undefined ? "" : ", and holds a part of it";
}
