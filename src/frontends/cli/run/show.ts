import { type FoundBackup, isCluster } from "../../../commands/found-backup.ts";
import { listVerifications, type StoredVerification } from "../../../commands/proof/list-verifications.ts";
import { holdsOf } from "../../../commands/retention/holds.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { shownTags } from "../../../core/backup-tags.ts";
import { counted, formatCount } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { earlierProgram, isEarlier } from "../../../core/metadata/earlier-metadata.ts";
import type { BackupMetadata } from "../../../core/metadata/metadata-schema.ts";
import { printable } from "../../../core/printable.ts";
import type { Hold } from "../../../core/retention/hold-record.ts";
import { formatAge, formatBytes, formatDuration } from "../amounts.ts";
import type { RunCommand } from "../command.ts";
import { findArgument } from "../find-argument.ts";
import { globalsText } from "../globals-text.ts";
import { hasKeys, keySources } from "../key-sources.ts";
import { notIncludedLines } from "../not-included-lines.ts";
import { formatTable } from "../table.ts";
import { unlockingOf } from "../unlocking.ts";

export const run: RunCommand = async ({ args, options }, context) => {
  const unlocking = hasKeys(keySources(options))
    ? await unlockingOf(options, context.services, context.progress)
    : undefined;
  const backup = await findArgument(args[0]!, options, context, unlocking);
  const { metadata } = backup;
  if (metadata === undefined) {
    throw new BackupError({
      code: "NOT_FOUND",
      message: "there is no metadata beside this file",
      object: backup.location,
      hint: 'it was not written by dbbackup; "dbbackup verify" and "dbbackup restore single --list" read it all the same',
    });
  }
  const { output, services } = context;
  const verifications = await listVerifications(backup, services.openStorage);
  const now = services.clock.now();
  const holds = (await holdsOf(backup, services.openStorage)).filter((hold) => !isOver(hold, now));
  output.document({
    ...metadata,
    ...(holds.length === 0 ? {} : { holds: holds.map(holdDocument) }),
    ...(verifications.length === 0 ? {} : { verifications: verifications.map(documentOf) }),
  });
  output.print(...describe(metadata, backup, { verifications, holds }, now, options.verbose === true));
  return ExitStatus.done;
};

/** A folder may hold thousands. */
const SHOWN_FILES = 3;
/** Tables beyond these are summed up, but for `--verbose`. */
const SHOWN_TABLES = 10;

function documentOf({ file, level, verification }: StoredVerification) {
  const { status, timestamp, recovery_seconds, damage_count } = verification;
  return {
    file,
    level,
    status,
    timestamp,
    ...(recovery_seconds === undefined ? {} : { recovery_seconds }),
    damage_count,
  };
}

/** What lies beside a backup. */
interface Surroundings {
  /** Newest first. */
  readonly verifications: readonly StoredVerification[];
  readonly holds: readonly (Hold | undefined)[];
}

function describe(
  metadata: BackupMetadata,
  { location }: FoundBackup,
  { verifications, holds }: Surroundings,
  now: Date,
  all: boolean,
): string[] {
  const age = formatAge((now.getTime() - Date.parse(metadata.timestamp)) / 1000);
  const server = [metadata.database_type, metadata.database_version].filter(Boolean).join(" ");
  const address =
    metadata.host === undefined ? undefined : `${metadata.host}${metadata.port ? `:${metadata.port}` : ""}`;
  const facts: [string, string | undefined][] = [
    ["id", metadata.id],
    isCluster(metadata) ? ["cluster", clusterContents(metadata)] : ["database", metadata.database],
    ["server", [server, address && `at ${address}`, metadata.user && `as ${metadata.user}`].filter(Boolean).join(" ")],
    ["time", `${metadata.timestamp} (${age === "now" ? age : `${age} ago`})`],
    ["resumed", metadata.resumed?.join(", ")],
    ["duration", metadata.duration_seconds === undefined ? undefined : formatDuration(metadata.duration_seconds)],
    ["kind", [metadata.backup_type, metadata.method, metadata.format, metadata.compression].filter(Boolean).join(", ")],
    ["tags", shownTags(metadata.tags).join(", ")],
    ["encrypted", encryption(metadata)],
    ["sample", sampledRows(metadata)],
    ["partial", metadata.partial?.join(" ")],
    ["location", location],
    ["verified", lastOf(verifications, ({ level }) => level !== "restore", looked)],
    ["restored", lastOf(verifications, ({ level }) => level === "restore", restoredOnTrial)],
    ["on hold", holds.length === 0 ? undefined : holds.map(holdText).join("; ")],
    ["size", `${formatBytes(metadata.size_bytes)} (${formatCount(metadata.size_bytes)} bytes)`],
    ["snapshot", metadata.consistency?.snapshot_lsn && `at log position ${metadata.consistency.snapshot_lsn}`],
    ["written by", writer(metadata)],
    ["read by", metadata.engine?.version],
  ];
  const lines = facts.flatMap(([name, text]) => (text ? [`${name.padEnd(11)}${printable(text)}`] : []));
  const shown = all ? metadata.artifacts : metadata.artifacts.slice(0, SHOWN_FILES);
  for (const { name, size, sha256 } of shown) {
    lines.push("", `file       ${printable(name)}`, `  size     ${formatCount(size)} bytes`);
    if (sha256 !== undefined) lines.push(`  sha256   ${sha256}`);
  }
  const rest = metadata.artifacts.length - shown.length;
  if (rest > 0) lines.push("", `and ${counted(rest, "more file")} (--verbose shows all)`);
  return [
    ...lines,
    ...databasesOf(metadata, all),
    ...contents(metadata, all),
    ...missing(metadata),
    ...warnings(metadata),
  ];
}

function writer(metadata: BackupMetadata): string | undefined {
  if (isEarlier(metadata)) return earlierProgram(metadata);
  return metadata.tool && `${metadata.tool.name} ${metadata.tool.version}`;
}

function isOver(hold: Hold | undefined, now: Date): boolean {
  return hold?.until !== undefined && hold.until <= now;
}

function holdDocument(hold: Hold | undefined) {
  return {
    since: hold?.since.toISOString() ?? null,
    until: hold?.until?.toISOString() ?? null,
    reason: hold?.reason ?? null,
  };
}

function holdText(hold: Hold | undefined): string {
  if (hold === undefined) return "by a record that cannot be read";
  const until = hold.until === undefined ? "until it is released" : `until ${hold.until.toISOString()}`;
  return hold.reason === undefined ? until : `${until} (${hold.reason})`;
}

function encryption(metadata: BackupMetadata): string | undefined {
  const { encrypted, encryption_algorithm: algorithm, sealed, signature, sequence } = metadata;
  if (encrypted !== true) return undefined;
  if (sealed === undefined) {
    const number = sequence === undefined ? [] : [`number ${sequence} of its repository`];
    const signed = signature === undefined ? [] : [`signed, it says, by ${signature.key}`];
    return [algorithm ?? "yes", ...number, ...signed].join(", ");
  }
  return `${algorithm ?? "yes"}; with the key, show tells the rest`;
}

/** How the rows of a sample came together. */
function sampledRows({ sample, objects = [] }: BackupMetadata): string | undefined {
  if (sample === undefined) return undefined;
  const chosen = objects.reduce((sum, { rows_chosen: rows = 0 }) => sum + rows, 0);
  const referenced = objects.reduce((sum, { rows_referenced: rows = 0 }) => sum + rows, 0);
  return `${counted(chosen, "row")} chosen, ${formatCount(referenced)} that they refer to`;
}

function lastOf(
  verifications: readonly StoredVerification[],
  isMeant: (stored: StoredVerification) => boolean,
  text: (stored: StoredVerification) => string,
): string | undefined {
  const last = verifications.find(isMeant);
  return last && text(last);
}

function looked({ file, level, verification: { status, timestamp } }: StoredVerification): string {
  const how = level === "quick" ? "quickly" : "every byte";
  return `${how} ${timestamp}: ${status === "ok" ? "ok" : `DAMAGED, see ${file}`}`;
}

function restoredOnTrial({ file, verification }: StoredVerification): string {
  const { status, timestamp, recovery_seconds: seconds } = verification;
  const took = seconds === undefined ? "" : ` in ${formatDuration(seconds)}`;
  return `on trial ${timestamp}${took}: ${status === "ok" ? "ok" : `DAMAGED, see ${file}`}`;
}

function clusterContents(metadata: BackupMetadata): string {
  if (isEarlier(metadata)) return "globals and the databases of its archive";
  const { databases = [], failed_databases: failed = [] } = metadata;
  const parts = [globalsText(metadata), counted(databases.length, "database")];
  return `${parts.join(", ")}${failed.length === 0 ? "" : `; PARTIAL, ${failed.length} failed`}`;
}

/** The databases of a cluster, largest first. */
function databasesOf({ databases = [], failed_databases: failed = [] }: BackupMetadata, all: boolean): string[] {
  if (databases.length + failed.length === 0) return [];
  const largest = databases.toSorted((a, b) => b.size_bytes - a.size_bytes).slice(0, all ? undefined : SHOWN_TABLES);
  const table = formatTable(
    [
      { title: "DATABASE" },
      { title: "TABLES", align: "right" },
      { title: "ROWS", align: "right" },
      { title: "SIZE", align: "right" },
    ],
    largest.map(({ name, tables, rows, size_bytes: bytes }) => [
      name,
      formatCount(tables),
      formatCount(rows),
      formatBytes(bytes),
    ]),
  );
  const rest = databases.length - largest.length;
  if (rest > 0) table.push(`... and ${formatCount(rest)} smaller ones (--verbose shows all)`);
  return ["", ...table, ...failed.map(({ name, message }) => printable(`FAILED: "${name}": ${message}`))];
}

function contents(metadata: BackupMetadata, all: boolean): string[] {
  const objects = metadata.objects ?? [];
  if (objects.length === 0) return [];
  const rows = objects.reduce((sum, object) => sum + object.rows, 0);
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  const largest = objects.toSorted((a, b) => b.bytes - a.bytes).slice(0, all ? undefined : SHOWN_TABLES);
  const table = formatTable(
    [{ title: "CONTENTS" }, { title: "ROWS", align: "right" }, { title: "BYTES", align: "right" }],
    largest.map((object) => [
      object.type === "table" ? `${object.schema}.${object.name}` : object.type,
      formatCount(object.rows),
      formatBytes(object.bytes),
    ]),
  );
  const rest = objects.length - largest.length;
  if (rest > 0) table.push(`... and ${formatCount(rest)} smaller ones (--verbose shows all)`);
  return ["", ...table, `in all ${formatCount(objects.length)}, ${counted(rows, "row")}, ${formatBytes(bytes)}`];
}

function missing({ not_included: items = [] }: BackupMetadata): string[] {
  const lines = notIncludedLines(items);
  return lines.length === 0 ? [] : ["", "NOT IN IT", ...lines];
}

function warnings({ warnings: list = [] }: BackupMetadata): string[] {
  return list.length === 0 ? [] : ["", "WARNINGS", ...list.map(printable)];
}
