import type { BackupKind } from "../core/backup-name.ts";
import type { BackupTags } from "../core/backup-tags.ts";
import { type Compression, formatCompression } from "../core/compression.ts";
import type { DumpFormat } from "../core/dump-format.ts";
import { type BackupMetadata, METADATA_VERSION, type ObjectMetadata } from "../core/metadata/metadata-schema.ts";
import { ENCRYPTION_ALGORITHM } from "../core/metadata/sealed-metadata.ts";
import type { ArtifactTotals } from "../ports/artifact-stages.ts";
import type { BinlogSnapshot, DumpedTable, DumpResult } from "../ports/dump.ts";
import type { SampleChoice, SampledTable } from "../ports/sample.ts";

/** A file as it was stored. */
export interface WrittenArtifact extends ArtifactTotals {
  /** Relative to the metadata. */
  readonly name: string;
}

export interface BackupFacts {
  readonly id: string;
  readonly startedAt: Date;
  readonly durationSeconds: number;
  readonly database: string;
  readonly format: DumpFormat;
  readonly compression: Compression;
  /** Name of the file or folder that the backup is. */
  readonly name: string;
  readonly artifacts: readonly WrittenArtifact[];
  readonly dump: DumpResult;
  /** Default: full. */
  readonly kind?: BackupKind;
  readonly isEncrypted?: boolean;
  /** How the rows were chosen, when those are not all. */
  readonly sample?: SampleChoice;
  /** Options that leave something out. */
  readonly partial?: readonly string[];
  readonly tool: { readonly name: string; readonly version: string };
  /** When it went on after interruptions. */
  readonly resumed?: readonly Date[];
  readonly tags?: BackupTags | undefined;
}

/** What is stored beside a logical backup of one database. Pure. */
export function backupMetadata(facts: BackupFacts): BackupMetadata {
  const { dump, artifacts, partial = [], resumed = [] } = facts;
  const [first, ...others] = artifacts;
  return {
    version: METADATA_VERSION,
    format_version: 1,
    id: facts.id,
    timestamp: facts.startedAt.toISOString(),
    duration_seconds: milliseconds(facts.durationSeconds),
    ...(resumed.length === 0 ? {} : { resumed: resumed.map((at) => at.toISOString()) }),
    database: facts.database,
    database_type: dump.server.databaseType ?? "postgresql",
    database_version: dump.server.version,
    host: dump.server.host,
    port: dump.server.port,
    user: dump.server.user,
    backup_file: facts.name,
    size_bytes: artifacts.reduce((sum, { size }) => sum + size, 0),
    ...(first === undefined || others.length > 0 ? {} : { sha256: first.sha256 }),
    compression: formatCompression(facts.compression),
    backup_type: facts.kind ?? "full",
    ...(facts.sample === undefined ? {} : { sample: { ...facts.sample } }),
    encrypted: facts.isEncrypted === true,
    ...(facts.isEncrypted === true ? { encryption_algorithm: ENCRYPTION_ALGORITHM } : {}),
    method: "logical",
    format: facts.format,
    tool: facts.tool,
    ...(dump.engine === undefined ? {} : { engine: { ...dump.engine } }),
    source: {
      encoding: dump.server.encoding,
      ...(dump.server.systemIdentifier === undefined ? {} : { system_identifier: dump.server.systemIdentifier }),
      ...(dump.server.uuid === undefined ? {} : { server_uuid: dump.server.uuid }),
    },
    ...(dump.encoding === undefined ? {} : { encoding: dump.encoding }),
    consistency: {
      ...(dump.snapshotLsn === undefined ? {} : { snapshot_lsn: dump.snapshotLsn }),
      ...snapshotOf(dump),
      ...binlogSnapshotOf(dump.binlogSnapshot),
    },
    artifacts: artifacts.map(artifactMetadata),
    ...(dump.archiveVersion === undefined ? {} : { archive_version: dump.archiveVersion }),
    checksum_type: "rowsum128-v1",
    ...(dump.rowSettings === undefined ? {} : { row_settings: { ...dump.rowSettings } }),
    ...(dump.entries === undefined ? {} : { entries: dump.entries.map((entry) => ({ ...entry })) }),
    ...(partial.length === 0 ? {} : { partial: [...partial] }),
    ...(dump.tables === undefined ? {} : { objects: objectsOf(dump.tables, dump) }),
    not_included: dump.notIncluded.map((item) => ({ ...item, examples: [...item.examples] })),
    warnings: [...dump.warnings],
    tags: { ...facts.tags },
  };
}

/** A file as the metadata have it. */
export function artifactMetadata(artifact: WrittenArtifact): BackupMetadata["artifacts"][number] {
  const { name, size, sha256, plainSize, plainSha256, header } = artifact;
  return {
    name,
    size,
    sha256,
    plain_size: plainSize,
    plain_sha256: plainSha256,
    ...(header === undefined ? {} : { header: header.toString("base64") }),
  };
}

/** No finer than anybody wants to read. */
const milliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;

function snapshotOf({ snapshot }: DumpResult): BackupMetadata["consistency"] {
  if (snapshot === undefined) return {};
  return {
    snapshot_xmin: snapshot.xmin,
    snapshot_seconds: milliseconds(snapshot.seconds),
    snapshot_transactions: snapshot.transactions,
  };
}

/** What metadata say of the snapshot of a server of MySQL or MariaDB. */
export function binlogSnapshotOf(snapshot: BinlogSnapshot | undefined): NonNullable<BackupMetadata["consistency"]> {
  if (snapshot === undefined) return {};
  const { coordinates } = snapshot;
  return {
    method: snapshot.method,
    snapshot_seconds: milliseconds(snapshot.seconds),
    locked_seconds: milliseconds(snapshot.lockedSeconds),
    ...(coordinates === undefined ? {} : { binlog_file: coordinates.file, binlog_position: coordinates.position }),
    ...(coordinates?.gtidSet === undefined ? {} : { gtid_set: coordinates.gtidSet }),
  };
}

function objectsOf(tables: readonly DumpedTable[], { sample, largeObjects }: DumpResult): ObjectMetadata[] {
  const sampled = new Map(sample?.tables.map((table) => [`${table.schema}\0${table.name}`, table]));
  const objects: ObjectMetadata[] = tables.map(({ schema, name, rows, bytes, checksum, asInserts, hasHistory }) => ({
    type: "table",
    schema,
    name,
    rows,
    bytes,
    checksum,
    ...(asInserts === true ? { rows_as: "inserts" } : {}),
    ...(hasHistory === true ? { row_history: true } : {}),
    ...sampledRows(sampled.get(`${schema}\0${name}`)),
  }));
  if (largeObjects !== undefined && largeObjects.count > 0) {
    objects.push({ type: "large-objects", rows: largeObjects.count, bytes: largeObjects.bytes });
  }
  return objects;
}

function sampledRows(table: SampledTable | undefined): Partial<ObjectMetadata> {
  return table === undefined ? {} : { rows_chosen: table.chosen, rows_referenced: table.referenced };
}
