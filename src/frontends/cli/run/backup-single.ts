import { type BackupSingleRequest, backupSingle } from "../../../commands/backup-single.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { type Compression, parseCompression } from "../../../core/compression.ts";
import { counted } from "../../../core/counted.ts";
import type { DumpFormat } from "../../../core/dump-format.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import type { BackupMetadata } from "../../../core/metadata/metadata-schema.ts";
import { printable } from "../../../core/printable.ts";
import type { BackupOutput } from "../../../ports/backup-output.ts";
import type { Services } from "../../../ports/services.ts";
import type { Storage } from "../../../ports/storage.ts";
import { formatBytes, formatDuration } from "../amounts.ts";
import type { RunCommand } from "../command.ts";
import { connectionRequest } from "../connection-request.ts";
import { defaultJobs } from "../default-jobs.ts";
import { dumpSelection } from "../dump-selection.ts";
import { dumpSession } from "../dump-session.ts";
import { dumpShape } from "../dump-shape.ts";
import { countedKind } from "../not-included-lines.ts";
import type { OptionValues } from "../options/options.ts";
import { repositoryOf } from "../repository-option.ts";

export const run: RunCommand = async ({ args, options }, { services, output, progress, signal }) => {
  const format = options.format ?? "custom";
  const selection = await dumpSelection(options, services);
  const destination = await destinationOf(options, format, services);
  try {
    const metadata = await backupSingle(
      {
        connection: connectionRequest(options),
        database: args[0]!,
        format,
        selection,
        shape: dumpShape(options),
        session: dumpSession(options),
        compression: compressionOf(options, format),
        statistics: options.statistics === true,
        allowedExtensions: options["allow-extension"] ?? [],
        ...(options["archive-version"] === undefined ? {} : { archiveVersion: options["archive-version"] }),
        ...(options["restrict-key"] === undefined ? {} : { restrictKey: options["restrict-key"] }),
        jobs: options.jobs ?? defaultJobs(),
        ...(options["split-larger-than"] === undefined ? {} : { splitLargerThan: options["split-larger-than"] }),
        ...(options["max-rate"] === undefined ? {} : { maxRate: options["max-rate"] }),
        ...(options["max-duration"] === undefined ? {} : { maxDuration: options["max-duration"] }),
        destination,
        ...resumableOf(options),
      },
      { ...(await services.dumping()), clock: services.clock, tool: services.tool, progress },
      signal,
    );
    for (const warning of metadata.warnings ?? []) output.warn(warning);
    // With `--output -` stdout holds the backup.
    if (options.output !== "-") output.document(metadata);
    if (destination.kind !== "stream")
      output.print(...summary(metadata, destination.storage.location).map((line) => printable(line)));
    return ExitStatus.done;
  } finally {
    if (destination.kind === "stream") await destination.close();
  }
};

function compressionOf(options: OptionValues, format: DumpFormat): Compression {
  const isCompressed = format === "custom" || format === "directory";
  return parseCompression(options.compression ?? (isCompressed ? "gzip" : "none"));
}

function resumableOf(options: OptionValues): Pick<BackupSingleRequest, "resumable"> {
  if (options.resume === true) return { resumable: "resume" };
  return options.resumable === true ? { resumable: "new" } : {};
}

type Destination = BackupOutput | { readonly kind: "repository"; readonly storage: Storage };

async function destinationOf(options: OptionValues, format: DumpFormat, services: Services): Promise<Destination> {
  const path = options.output;
  if (path === undefined) return { kind: "repository", storage: await services.openStorage(repositoryOf(options)) };
  if (path === "-" && options.json === true) {
    throw new BackupError({
      code: "USAGE",
      message: "--json and --output - both want stdout",
      hint: "write the backup to a file, or leave out --json",
    });
  }
  return await services.openOutput(path, format === "directory" ? "folder" : "file");
}

/** What the backup cost those who work on the server. */
function snapshotLine({ consistency }: BackupMetadata): string[] {
  const { snapshot_seconds: seconds, snapshot_transactions: transactions } = consistency ?? {};
  if (seconds === undefined || transactions === undefined) return [];
  return [
    `  snapshot  open for ${formatDuration(seconds)}, vacuum held back by ${counted(transactions, "transaction")}`,
  ];
}

function summary(metadata: BackupMetadata, location: string): string[] {
  const tables = (metadata.objects ?? []).filter((object) => object.type === "table");
  const sum = (of: (object: { rows: number; bytes: number }) => number): number =>
    tables.reduce((total, object) => total + of(object), 0);
  const rows = sum((object) => object.rows);
  const bytes = sum((object) => object.bytes);
  const seconds = metadata.duration_seconds ?? 0;
  const rate = seconds > 0 ? `, ${formatBytes(bytes / seconds)}/s` : "";
  const lines = [
    `backup ${metadata.id} of "${metadata.database}" is complete${metadata.partial === undefined ? "" : ", and holds a part of it"}`,
    `  ${metadata.format === "directory" ? "folder" : "file  "}    ${location}/${metadata.backup_file}`,
    `  size      ${formatBytes(metadata.size_bytes)} (${metadata.format}, ${metadata.compression})`,
    `  data      ${counted(tables.length, "table")}, ${counted(rows, "row")}, ${formatBytes(bytes)}`,
    `  duration  ${formatDuration(seconds)}${rate}`,
    ...snapshotLine(metadata),
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
