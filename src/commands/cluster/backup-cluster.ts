import { BackupError } from "../../core/backup-error.ts";
import { backupBaseName, CLUSTER_NAME, METADATA_SUFFIX } from "../../core/backup-name.ts";
import type { BackupTags } from "../../core/backup-tags.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { uuidV7 } from "../../core/uuid-v7.ts";
import type { ClusterContents, ClusterReader, ClusterRequest } from "../../ports/cluster.ts";
import type { DumpRequest } from "../../ports/dump.ts";
import { wholeDatabase } from "../../ports/dump-selection.ts";
import { wholeShape } from "../../ports/dump-shape.ts";
import type { Encryption } from "../../ports/encryption.ts";
import { partialMysqlOptions } from "../../ports/mysql-dump.ts";
import type { BackupPorts } from "../backup-single.ts";
import {
  commitMetadata,
  commitUnderName,
  intendedName,
  refuseExisting,
  type StoredDestination,
} from "../commit-backup.ts";
import { metadataToStore } from "../encryption/seal-metadata.ts";
import { partialOptions } from "../partial-options.ts";
import { tellOfInterrupted } from "../resumable/resume-backup.ts";
import { withinDuration } from "../within-duration.ts";
import { ClusterFolder } from "./cluster-folder.ts";
import { clusterMetadata } from "./cluster-metadata.ts";
import { type DumpedDatabase, dumpIntoCluster } from "./dump-into-cluster.ts";
import { readContents } from "./read-contents.ts";

export interface BackupClusterRequest
  extends Pick<ClusterRequest, "connection" | "rolePasswords" | "databases" | "excludedDatabases"> {
  /** Roles, tablespaces and settings, and no databases. */
  readonly globalsOnly: boolean;
  /** How each database is dumped. */
  readonly dump: Omit<DumpRequest, "connection" | "database" | "applicationName">;
  /** Seconds after which the backup is given up. */
  readonly maxDuration?: number;
  /** Nothing leaves this process that is not encrypted. */
  readonly encryption?: Encryption;
  readonly destination: StoredDestination;
  /** Kept in the metadata of the whole. */
  readonly tags?: BackupTags | undefined;
}

export interface BackupClusterPorts extends BackupPorts {
  readonly clusterReader: ClusterReader;
}

/** A database that could not be dumped. */
export interface FailedDatabase {
  readonly name: string;
  readonly error: BackupError;
}

export interface BackupClusterResult {
  readonly metadata: BackupMetadata;
  /** Not empty: the backup is not that of the whole cluster. */
  readonly failed: readonly FailedDatabase[];
}

/** The databases of a cluster are dumped one after another, so what one of them cannot do is no reason to stop. */
const stopsAll: ReadonlySet<string> = new Set(["INTERRUPTED", "IO", "THREAD_LOST", "USAGE", "CONFIG"]);

/**
 * Backs up a server: globals and each database, each in a snapshot of its own where the engine does not read all of them from
 * one. The backup exists when its metadata does,
 * which is written last; a database that failed is named in it.
 * @throws BackupError when nothing at all could be dumped, too; DEADLINE when it takes longer than it may
 */
export async function backupCluster(
  request: BackupClusterRequest,
  ports: BackupClusterPorts,
  signal: AbortSignal,
): Promise<BackupClusterResult> {
  return await withinDuration(request.maxDuration, "the backup of the cluster", signal, (within) =>
    makeBackup(request, ports, within),
  );
}

async function makeBackup(
  request: BackupClusterRequest,
  ports: BackupClusterPorts,
  signal: AbortSignal,
): Promise<BackupClusterResult> {
  checkFormat(request, ports.clusterReader);
  const { destination, dump } = request;
  const startedAt = ports.clock.now();
  const began = ports.clock.monotonic();
  const id = uuidV7(startedAt);
  const applicationName = `dbbackup ${id}`;
  const { connection } = request;
  ports.dumper.check({ ...dump, connection, database: "", applicationName });
  if (destination.kind === "file") await refuseExisting(destination.storage, destination.key);
  const contents = await readContents({ ...request, applicationName }, ports, signal);
  await using shared = contents.shared;
  for (const message of contents.warnings) ports.progress.emit({ event: "warning", message });
  tellOfInterrupted((await destination.storage.sweep()).noted, ports.progress);
  const work = await destination.storage.beginWork();
  try {
    const { encryption } = request;
    const sealing = encryption && { encryption, backupId: id };
    const nameOf = (attempt: number) => backupBaseName(CLUSTER_NAME, "full", startedAt, attempt);
    const intended = await intendedName(destination, nameOf);
    const folder = new ClusterFolder(await work.createFolder(intended), work, ports.openStages, sealing);
    const globals = await folder.writeWhole("globals", ".sql", contents.globals.script);
    const names = request.globalsOnly ? [] : contents.databases;
    const dumper = shared?.dumper ?? ports.dumper;
    const run = { ...request, id, applicationName };
    const { dumped, failed } = await dumpAll(names, run, folder, { ...ports, dumper }, signal);
    signal.throwIfAborted();
    ports.progress.emit({ event: "phase", phase: "commit", message: "writing metadata" });
    const key = await commitUnderName(destination, nameOf, (name) => folder.commit(name));
    const durationSeconds = (ports.clock.monotonic() - began) / 1000;
    const facts = { id, startedAt, durationSeconds, key, globals, globalsOnly: request.globalsOnly, tool: ports.tool };
    const made = clusterMetadata({
      ...facts,
      contents,
      dump,
      dumped,
      failed,
      files: folder.files,
      snapshot: await shared?.snapshot(),
      partial: partialOf(request),
      isEncrypted: encryption !== undefined,
      tags: request.tags,
    });
    const { metadata, stored } = await metadataToStore(made, encryption, destination, signal);
    await commitMetadata(work, `${key}${METADATA_SUFFIX}`, stored);
    return { metadata, failed };
  } finally {
    await work.end();
  }
}

export interface ClusterRun extends BackupClusterRequest {
  readonly id: string;
  readonly applicationName: string;
}

async function dumpAll(
  names: ClusterContents["databases"],
  run: ClusterRun,
  folder: ClusterFolder,
  ports: BackupClusterPorts,
  signal: AbortSignal,
): Promise<{ dumped: DumpedDatabase[]; failed: FailedDatabase[] }> {
  const dumped: DumpedDatabase[] = [];
  const failed: FailedDatabase[] = [];
  for (const [index, name] of names.entries()) {
    signal.throwIfAborted();
    const message = `database "${name}" (${index + 1} of ${names.length})`;
    ports.progress.emit({ event: "phase", phase: "database", message });
    try {
      dumped.push(await dumpIntoCluster(name, run, folder, ports, signal));
    } catch (error) {
      if (!(error instanceof BackupError) || stopsAll.has(error.code) || signal.aborted) throw error;
      failed.push({ name, error });
      ports.progress.emit({ event: "warning", message: `database "${name}" failed: ${error.message}` });
    }
  }
  if (dumped.length === 0 && failed.length > 0) throw failed[0]!.error;
  return { dumped, failed };
}

/** The options that leave something out of each database, or all of them. */
function partialOf({ dump, globalsOnly }: BackupClusterRequest): string[] {
  const options = partialOptions(wholeDatabase, dump.shape ?? wholeShape, dump.session);
  const ofMysql = dump.mysql === undefined ? [] : partialMysqlOptions(dump.mysql);
  return [...(globalsOnly ? ["--globals-only"] : []), ...ofMysql, ...options];
}

function checkFormat({ dump: { format, compression } }: BackupClusterRequest, { formats }: ClusterReader): void {
  if (!formats.includes(format)) {
    const named = formats.join(", ").replace(/, ([^,]*)$/, " or $1");
    throw new BackupError({
      code: "USAGE",
      message: `the databases of a cluster are backed up in format ${named}, not ${format}`,
      hint: `use --format ${named}${formats.includes("custom") ? ", or plain with --output -" : ""}; single databases are backed up in every format`,
    });
  }
  if (format === "tar" && compression.method !== "none") {
    throw new BackupError({
      code: "USAGE",
      message: "archives in tar format are not compressed inside",
      hint: "use --format custom, or --compression none",
    });
  }
}
