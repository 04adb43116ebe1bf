import { type BackupKind, backupBaseName, METADATA_SUFFIX } from "../core/backup-name.ts";
import type { BackupTags } from "../core/backup-tags.ts";
import type { Compression, CompressionMethod } from "../core/compression.ts";
import { type DumpFormat, isScriptFormat } from "../core/dump-format.ts";
import { backupArtifact, ENCRYPTED_SUFFIX, fileContext } from "../core/encrypted-file.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import { uuidV7 } from "../core/uuid-v7.ts";
import type { ArtifactTotals, OpenArtifactStages } from "../ports/artifact-stages.ts";
import type { ByteSink } from "../ports/byte-sink.ts";
import type { Clock } from "../ports/clock.ts";
import type { Codec } from "../ports/codec.ts";
import type { ConnectionRequest } from "../ports/connection-request.ts";
import type { DumpContext, Dumper, DumpRequest, DumpResult } from "../ports/dump.ts";
import { type DumpSelection, wholeDatabase } from "../ports/dump-selection.ts";
import type { DumpSessionOptions } from "../ports/dump-session.ts";
import { type DumpShape, wholeShape } from "../ports/dump-shape.ts";
import type { ContainerContext, Encryption } from "../ports/encryption.ts";
import { type MysqlDumpOptions, partialMysqlOptions } from "../ports/mysql-dump.ts";
import type { ProgressSink } from "../ports/progress.ts";
import type { SampleChoice } from "../ports/sample.ts";
import type { OpenSpool } from "../ports/spool.ts";
import type { NotedWork, Work } from "../ports/storage.ts";
import { backupMetadata, type WrittenArtifact } from "./backup-metadata.ts";
import { checkBackupRequest } from "./check-backup-request.ts";
import {
  commitMetadata,
  commitUnderName,
  intendedName,
  refuseExisting,
  type StoredDestination,
} from "./commit-backup.ts";
import { metadataToStore } from "./encryption/seal-metadata.ts";
import { announcedBackup } from "./growing/announced-backup.ts";
import { partialOptions, sampleOptions } from "./partial-options.ts";
import type { ResumableBackup } from "./resumable/resumable-backup.ts";
import { tellOfInterrupted } from "./resumable/resume-backup.ts";
import { shapingOptions } from "./resumable/shaping-options.ts";
import { withResumable } from "./resumable/with-resumable.ts";
import { withinDuration } from "./within-duration.ts";
import { writeFolder } from "./write-folder.ts";

export interface BackupSingleRequest {
  readonly connection: ConnectionRequest;
  readonly database: string;
  readonly format: DumpFormat;
  readonly compression: Compression;
  /** Default: everything. */
  readonly selection?: DumpSelection;
  /** Default: all of it. */
  readonly shape?: DumpShape;
  readonly session?: DumpSessionOptions;
  readonly statistics?: boolean;
  readonly allowedExtensions?: readonly string[];
  readonly archiveVersion?: string;
  readonly restrictKey?: string;
  /** Connections that copy data beside each other. */
  readonly jobs: number;
  /** Somebody wants so many. */
  readonly jobsAreAsked?: boolean;
  /** Larger tables, in bytes, are read by several of them. */
  readonly splitLargerThan?: number;
  /** Bytes a second. */
  readonly maxRate?: number;
  /** Seconds after which the backup is given up. */
  readonly maxDuration?: number;
  readonly destination: BackupDestination;
  /** Of MySQL and MariaDB only. */
  readonly mysql?: MysqlDumpOptions;
  /** Nothing leaves this process that is not encrypted. */
  readonly encryption?: Encryption;
  /** Only some of the rows; see backup-sample.ts. */
  readonly sample?: SampleChoice;
  /** `new`: keep notes of what is done, and after a failure all of it. `resume`: go on with what is kept. */
  readonly resumable?: "new" | "resume";
  /** Kept in the metadata. */
  readonly tags?: BackupTags | undefined;
}

/** A place that keeps metadata, or a stream that keeps none (`--output -`). */
export type BackupDestination =
  | StoredDestination
  | { readonly kind: "stream"; readonly sink: ByteSink; readonly openSpool: OpenSpool };

export interface BackupPorts {
  readonly dumper: Dumper;
  readonly codec: Codec;
  readonly openStages: OpenArtifactStages;
  readonly clock: Clock;
  readonly progress: ProgressSink;
  readonly tool: { readonly name: string; readonly version: string };
}

/**
 * Backs up one database. The backup exists when its metadata does, which is written last.
 * @returns the metadata, also when the destination keeps none.
 * @throws BackupError DEADLINE when it takes longer than it may; nothing is left of it.
 */
export async function backupSingle(
  request: BackupSingleRequest,
  ports: BackupPorts,
  signal: AbortSignal,
): Promise<BackupMetadata> {
  const { maxDuration, database } = request;
  return await withinDuration(maxDuration, `the backup of "${database}"`, signal, (within) =>
    makeBackup(request, ports, within),
  );
}

async function makeBackup(
  request: BackupSingleRequest,
  ports: BackupPorts,
  signal: AbortSignal,
): Promise<BackupMetadata> {
  checkBackupRequest(request);
  const startedAt = ports.clock.now();
  const id = uuidV7(startedAt);
  const began = ports.clock.monotonic();
  const run: Run = { request, dumpRequest: dumpRequestOf(request, id), ports, signal, id, startedAt, began };
  ports.dumper.check(run.dumpRequest);
  const { destination } = request;
  if (destination.kind === "stream") {
    const { dump, totals } = await writeFile(run, destination.sink, destination.openSpool, fileContext);
    return metadataOf(run, "-", [{ name: "-", ...totals }], dump);
  }
  if (destination.kind === "file") await refuseExisting(destination.storage, destination.key);
  const { noted } = await destination.storage.sweep();
  if (request.resumable !== undefined) return await makeResumable(run, request.resumable, destination, noted);
  tellOfInterrupted(noted, ports.progress);
  const work = await destination.storage.beginWork();
  try {
    return await writeAndCommit(run, destination, work);
  } finally {
    await work.end();
  }
}

/** The same for one that can be resumed, or is: then it stays the backup that it was. */
async function makeResumable(
  run: Run,
  how: "new" | "resume",
  destination: StoredDestination,
  noted: readonly NotedWork[],
): Promise<BackupMetadata> {
  const { request, ports, signal } = run;
  const wanted = {
    id: run.id,
    started: run.startedAt.toISOString(),
    database: request.database,
    output: destination.kind === "file" ? destination.key : null,
    options: shapingOptions(request),
  };
  const place = { storage: destination.storage, noted };
  return await withResumable(how, wanted, place, ports, signal, (resumable) => {
    const { id, started } = resumable.identity;
    const dumpRequest = dumpRequestOf(request, id);
    const resumed: Run = { ...run, dumpRequest, id, startedAt: new Date(started), resumable };
    return writeAndCommit(resumed, destination, resumable.work);
  });
}

async function writeAndCommit(run: Run, destination: StoredDestination, work: Work): Promise<BackupMetadata> {
  const { request, ports, signal, startedAt } = run;
  const name = (attempt: number) =>
    backupBaseName(request.database, kindOf(request), startedAt, attempt) + extension(request);
  const { encryption } = request;
  // A file that the user named is called just that; of a folder the files have it.
  const isCalledSo = destination.kind === "file" || request.format === "directory";
  const suffix = encryption === undefined || isCalledSo ? "" : ENCRYPTED_SUFFIX;
  const intended = await intendedName(destination, (attempt) => name(attempt) + suffix);
  const write = request.format === "directory" ? writeIntoFolder : writeOneFile;
  const written = await write(run, work, intended);
  signal.throwIfAborted();
  ports.progress.emit({ event: "phase", phase: "commit", message: "writing metadata" });
  const key = await commitUnderName(destination, name, (free) => written.commit(free + suffix));
  const file = key + suffix;
  const made = metadataOf(run, file, written.artifacts(file), written.dump);
  const { metadata, stored } = await metadataToStore(made, encryption, destination, signal);
  await commitMetadata(work, `${key}${METADATA_SUFFIX}`, stored);
  return metadata;
}

interface Run {
  readonly request: BackupSingleRequest;
  readonly dumpRequest: DumpRequest;
  readonly ports: BackupPorts;
  readonly signal: AbortSignal;
  readonly id: string;
  readonly startedAt: Date;
  readonly began: number;
  readonly resumable?: ResumableBackup;
}

/** A backup whose bytes are written and have no name yet. */
interface WrittenBackup {
  readonly dump: DumpResult;
  /** @param key the name that it got */
  artifacts(key: string): readonly WrittenArtifact[];
  /** @throws BackupError EXISTS: another name may be tried. */
  commit(key: string): Promise<unknown>;
}

async function writeOneFile(run: Run, work: Work, intended: string): Promise<WrittenBackup> {
  const pending = await work.create(intended);
  const context = { backupId: run.id, artifact: backupArtifact };
  const { dump, totals } = await writeFile(run, pending, () => work.openSpool(), context);
  return {
    dump,
    artifacts: (key) => [{ name: key, ...totals }],
    commit: (key) => pending.commit(key, "part"),
  };
}

async function writeFile(
  run: Run,
  target: ByteSink,
  openSpool: OpenSpool,
  context: ContainerContext,
): Promise<{ dump: DumpResult; totals: ArtifactTotals }> {
  const { request, ports } = run;
  const { encryption } = request;
  // An archive is compressed inside by the engine, a script as a whole by a stage.
  const compression = isScriptFormat(request.format) ? request.compression : uncompressed;
  const sink = ports.openStages(target, compression, encryption && ((next) => encryption.open(next, context)));
  const output = {
    kind: "file",
    sink,
    openSpool: encryption === undefined ? openSpool : async () => encryption.spool(await openSpool()),
  } as const;
  const dump = await ports.dumper.dump(run.dumpRequest, output, dumpContext(run));
  return { dump, totals: await sink.end() };
}

async function writeIntoFolder(run: Run, work: Work, intended: string): Promise<WrittenBackup> {
  const { ports, resumable, id } = run;
  const { encryption } = run.request;
  const folder = resumable?.folder ?? (await work.createFolder(intended));
  const encrypt =
    encryption && ((target: ByteSink, artifact: string) => encryption.open(target, { backupId: id, artifact }));
  const stages = { openStages: ports.openStages, encrypt, resumable, announcement: announcementOf(run) };
  const { dump, files } = await writeFolder(folder, stages, (output) =>
    ports.dumper.dump(run.dumpRequest, output, dumpContext(run)),
  );
  return {
    dump,
    artifacts: (key) => files.map((file) => ({ ...file, name: `${key}/${file.name}` })),
    commit: (key) => folder.commit(key),
  };
}

/** What can be read along: nothing of an encrypted backup, whose plain bytes reach no disk, nor of one that may go on later. */
function announcementOf({ request, resumable, id, startedAt }: Run): string | undefined {
  const { encryption, destination, database } = request;
  if (encryption !== undefined || resumable !== undefined || destination.kind === "stream") return undefined;
  const output = destination.kind === "file" ? destination.key : undefined;
  return announcedBackup({ id, database, output, timestamp: startedAt.toISOString() });
}

function dumpContext({ ports: { codec, progress }, signal, startedAt }: Run): DumpContext {
  return { codec, progress, signal, startedAt };
}

const uncompressed: Compression = { method: "none", level: 0 };

/** What the engine is asked for. */
export function dumpRequestOf(request: Omit<BackupSingleRequest, "destination">, id: string): DumpRequest {
  return {
    connection: request.connection,
    database: request.database,
    format: request.format,
    compression: hasCompression(request.format) ? request.compression : uncompressed,
    selection: request.selection ?? wholeDatabase,
    shape: request.shape ?? wholeShape,
    session: request.session ?? {},
    statistics: request.statistics === true,
    allowedExtensions: request.allowedExtensions ?? [],
    ...(request.archiveVersion === undefined ? {} : { archiveVersion: request.archiveVersion }),
    ...(request.restrictKey === undefined ? {} : { restrictKey: request.restrictKey }),
    jobs: request.jobs,
    jobsAreAsked: request.jobsAreAsked === true,
    ...(request.splitLargerThan === undefined ? {} : { splitLargerThan: request.splitLargerThan }),
    ...(request.maxRate === undefined ? {} : { maxRate: request.maxRate }),
    ...(request.mysql === undefined ? {} : { mysql: request.mysql }),
    ...(request.sample === undefined ? {} : { sample: request.sample }),
    applicationName: `dbbackup ${id}`,
  };
}

/** Whether a format compresses inside. */
function hasCompression(format: DumpFormat): boolean {
  return format === "custom" || format === "directory";
}

const compressedSuffix: Readonly<Record<CompressionMethod, string>> = {
  none: "",
  gzip: ".gz",
  zstd: ".zst",
  lz4: ".lz4",
};

/** What the name of a backup ends with: `.dump`, `.sql.gz`. */
export function extension({ format, compression }: Pick<BackupSingleRequest, "format" | "compression">): string {
  switch (format) {
    case "custom":
      return ".dump";
    case "directory":
      return ".dir";
    case "tar":
      return ".tar";
    case "plain":
    case "sql":
      return `.sql${compressedSuffix[compression.method]}`;
  }
}

function kindOf({ sample }: BackupSingleRequest): BackupKind {
  return sample === undefined ? "full" : "sample";
}

function metadataOf(run: Run, name: string, artifacts: readonly WrittenArtifact[], dump: DumpResult): BackupMetadata {
  const { request, ports } = run;
  return backupMetadata({
    id: run.id,
    startedAt: run.startedAt,
    durationSeconds: (ports.clock.monotonic() - run.began) / 1000,
    database: request.database,
    format: request.format,
    compression: request.compression,
    name,
    artifacts,
    dump,
    kind: kindOf(request),
    isEncrypted: request.encryption !== undefined,
    ...(request.sample === undefined ? {} : { sample: request.sample }),
    partial: [
      ...sampleOptions(request.sample),
      ...(request.mysql === undefined ? [] : partialMysqlOptions(request.mysql)),
      ...partialOptions(request.selection ?? wholeDatabase, request.shape ?? wholeShape, request.session),
    ],
    tool: ports.tool,
    tags: request.tags,
    ...(run.resumable === undefined ? {} : { resumed: run.resumable.resumed }),
  });
}
