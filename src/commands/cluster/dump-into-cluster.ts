import { METADATA_SUFFIX } from "../../core/backup-name.ts";
import type { Compression } from "../../core/compression.ts";
import { isScriptFormat } from "../../core/dump-format.ts";
import { formatMetadata } from "../../core/metadata/format-metadata.ts";
import { uuidV7 } from "../../core/uuid-v7.ts";
import type { DumpOutput, DumpResult, NotIncluded } from "../../ports/dump.ts";
import { wholeDatabase } from "../../ports/dump-selection.ts";
import { wholeShape } from "../../ports/dump-shape.ts";
import { partialMysqlOptions } from "../../ports/mysql-dump.ts";
import { backupMetadata, type WrittenArtifact } from "../backup-metadata.ts";
import { extension } from "../backup-single.ts";
import { sealMetadata } from "../encryption/seal-metadata.ts";
import { partialOptions } from "../partial-options.ts";
import type { BackupClusterPorts, ClusterRun } from "./backup-cluster.ts";
import type { ClusterFolder } from "./cluster-folder.ts";

const uncompressed: Compression = { method: "none", level: 0 };

/** A database as it went into the folder of a cluster's backup. What its own metadata tells is not kept in memory. */
export interface DumpedDatabase {
  readonly name: string;
  readonly id: string;
  /** Name of its archive in the folder, or what the names of its files begin with; its metadata lies beside it. */
  readonly file: string;
  readonly size: number;
  readonly tables: number;
  readonly rows: number;
  readonly notIncluded: readonly NotIncluded[];
  readonly warnings: readonly string[];
}

/** Dumps one database into an archive or files of its own, and writes its metadata beside it. */
export async function dumpIntoCluster(
  database: string,
  { dump, connection, applicationName, id: clusterId, encryption }: ClusterRun,
  folder: ClusterFolder,
  { dumper, codec, clock, progress, tool }: BackupClusterPorts,
  signal: AbortSignal,
): Promise<DumpedDatabase> {
  const startedAt = clock.now();
  const began = clock.monotonic();
  const id = uuidV7(startedAt);
  const name = folder.nameFor(database, extension(dump));
  const isScript = isScriptFormat(dump.format);
  const compression = isScript ? uncompressed : dump.compression;
  const request = { ...dump, compression, connection, database, applicationName };
  const context = { codec, progress, signal, startedAt };
  const isDirectory = dump.format === "directory";
  const { result, files } = isDirectory
    ? await folder.writeFiles(name, (output) => dumper.dump(request, output, context))
    : await writeOne(folder, name, isScript ? dump.compression : uncompressed, (output) =>
        dumper.dump(request, output, context),
      );
  const file = isDirectory ? name : folder.storedName(name);
  const metadata = backupMetadata({
    id,
    startedAt,
    durationSeconds: (clock.monotonic() - began) / 1000,
    database,
    format: dump.format,
    compression: dump.compression,
    name: file,
    artifacts: files,
    dump: result,
    isEncrypted: encryption !== undefined,
    partial: [
      ...(dump.mysql === undefined ? [] : partialMysqlOptions(dump.mysql)),
      ...partialOptions(wholeDatabase, dump.shape ?? wholeShape, dump.session),
    ],
    tool,
  });
  const described = { ...metadata, part_of: clusterId };
  const text = formatMetadata(encryption === undefined ? described : await sealMetadata(described, encryption));
  await folder.write(`${name}${METADATA_SUFFIX}`, (sink) => sink.write(Buffer.from(text, "utf8")));
  const { tables = [] } = result;
  return {
    name: database,
    id,
    file,
    size: files.reduce((sum, { size }) => sum + size, 0),
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    notIncluded: result.notIncluded,
    warnings: result.warnings,
  };
}

async function writeOne(
  folder: ClusterFolder,
  name: string,
  compression: Compression,
  dump: (output: DumpOutput) => Promise<DumpResult>,
): Promise<{ readonly result: DumpResult; readonly files: readonly WrittenArtifact[] }> {
  const { result, totals } = await folder.write(
    name,
    (sink, openSpool) => dump({ kind: "file", sink, openSpool }),
    compression,
  );
  return { result, files: [{ name: folder.storedName(name), ...totals }] };
}
