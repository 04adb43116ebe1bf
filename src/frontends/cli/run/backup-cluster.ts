import {
  type BackupClusterRequest,
  type BackupClusterResult,
  backupCluster,
} from "../../../commands/cluster/backup-cluster.ts";
import { writeClusterScript } from "../../../commands/cluster/write-cluster-script.ts";
import type { StoredDestination } from "../../../commands/commit-backup.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { parseCompression } from "../../../core/compression.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { parseFilterFile } from "../../../core/filter-file.ts";
import { printable } from "../../../core/printable.ts";
import type { Services } from "../../../ports/services.ts";
import { formatBytes, formatDuration } from "../amounts.ts";
import { backupTags } from "../backup-tags.ts";
import { namedFamily } from "../check-family.ts";
import type { RunCommand } from "../command.ts";
import { connectionRequest } from "../connection-request.ts";
import { defaultJobs } from "../default-jobs.ts";
import { dumpSession } from "../dump-session.ts";
import { dumpShape } from "../dump-shape.ts";
import { globalsText } from "../globals-text.ts";
import { keySources } from "../key-sources.ts";
import { mysqlDump } from "../mysql-dump.ts";
import { countedKind } from "../not-included-lines.ts";
import type { OptionValues } from "../options/options.ts";
import { makeReplicas, openReplicas } from "../replicas.ts";
import { repositoryOf } from "../repository-option.ts";

export const run: RunCommand = async ({ options }, context) => {
  const { services, output, progress, signal } = context;
  const request = await requestOf(options, services);
  const ports = {
    ...(await services.dumping({ family: namedFamily(options), jobs: request.dump.jobs })),
    clusterReader: await services.openClusterReader(namedFamily(options)),
    clock: services.clock,
    tool: services.tool,
    progress,
  };
  if (isOneScript(options, request)) {
    await using stdout = await scriptOutput(options, services);
    const { databases, warnings } = await writeClusterScript({ ...request, output: stdout.output }, ports, signal);
    for (const warning of warnings) output.warn(warning);
    output.info(`the script of ${counted(databases, "database")} is written`);
    return ExitStatus.done;
  }
  const replicas = await openReplicas(options, services);
  const destination = await destinationOf(options, services);
  const result = await backupCluster({ ...request, destination }, ports, signal);
  const { metadata, failed } = result;
  context.note({ backupId: metadata.id, bytes: metadata.size_bytes, database: metadata.database });
  for (const warning of metadata.warnings ?? []) output.warn(warning);
  const { status, document } = await makeReplicas(metadata, destination, replicas, context);
  output.document({ ...metadata, ...document });
  output.print(...summary(result, destination.storage.location).map((line) => printable(line)));
  return failed.length > 0 ? ExitStatus.partial : status;
};

async function requestOf(
  options: OptionValues,
  services: Services,
): Promise<Omit<BackupClusterRequest, "destination">> {
  const isMysql = namedFamily(options) === "mysql";
  const format = options.format ?? (isMysql ? "sql" : "custom");
  return {
    connection: connectionRequest(options),
    databases: options.database ?? [],
    excludedDatabases: [...(options["exclude-database"] ?? []), ...(await filteredDatabases(options, services))],
    tags: backupTags(options),
    globalsOnly: options["globals-only"] === true,
    rolePasswords: options["no-role-passwords"] !== true,
    dump: {
      format,
      shape: dumpShape(options),
      session: dumpSession(options),
      ...(options["max-rate"] === undefined ? {} : { maxRate: options["max-rate"] }),
      compression: parseCompression(
        options.compression ?? (format === "custom" || format === "directory" ? "gzip" : "none"),
      ),
      statistics: options.statistics === true,
      allowedExtensions: options["allow-extension"] ?? [],
      ...(options["archive-version"] === undefined ? {} : { archiveVersion: options["archive-version"] }),
      ...(isMysql ? { mysql: mysqlDump(options, "") } : {}),
      jobs: options.jobs ?? defaultJobs(),
      jobsAreAsked: options.jobs !== undefined,
      ...(options["split-larger-than"] === undefined ? {} : { splitLargerThan: options["split-larger-than"] }),
    },
    ...(options["max-duration"] === undefined ? {} : { maxDuration: options["max-duration"] }),
    ...(options.encrypt === true
      ? { encryption: await (await services.encryption()).encryption(keySources(options)) }
      : {}),
  };
}

/** PostgreSQL has a format of its own for it; of MySQL and MariaDB, a stream can be nothing else. */
function isOneScript(options: OptionValues, { dump }: Pick<BackupClusterRequest, "dump">): boolean {
  return dump.format === "plain" || (dump.format === "sql" && options.output === "-");
}

function refused(message: string, hint: string): BackupError {
  return new BackupError({ code: "USAGE", message, hint });
}

/** A script is for pipes: what is kept in files is better kept as archives, with checksums. */
async function scriptOutput(options: OptionValues, services: Services) {
  if (options.output !== "-") {
    throw refused(
      "the script of a cluster goes to standard output",
      "add --output - and send it where you want it; a backup with checksums is made without --format plain",
    );
  }
  if (options.json === true) throw refused("--json and --output - both want stdout", "leave out --json");
  if (options.compression !== undefined && options.compression !== "none") {
    throw refused("the script of a cluster is not compressed here", "send it through gzip, zstd or lz4");
  }
  if (options["archive-version"] !== undefined) {
    throw refused("--archive-version is for archives, and a script is none", "leave it out");
  }
  const output = await services.openOutput("-", "file");
  if (output.kind !== "stream") throw new Error("standard output is a stream");
  return { output, [Symbol.asyncDispose]: () => output.close() };
}

/** What filter files leave out, as pg_dumpall reads them. */
async function filteredDatabases(options: OptionValues, { readTextFile }: Services): Promise<string[]> {
  const grammar = { include: [], exclude: ["database"] };
  const files = await Promise.all(
    (options.filter ?? []).map(async (file) => parseFilterFile(await readTextFile(file), file, grammar)),
  );
  return files.flat().map(({ pattern }) => pattern);
}

async function destinationOf(options: OptionValues, services: Services): Promise<StoredDestination> {
  const path = options.output;
  if (path === undefined) return { kind: "repository", storage: await services.openStorage(repositoryOf(options)) };
  if (path === "-") {
    throw new BackupError({
      code: "USAGE",
      message: "the backup of a cluster is a folder, which stdout cannot be",
      hint: "name a folder with --output, or leave it out for the repository",
    });
  }
  const destination = await services.openOutput(path, "folder");
  if (destination.kind === "file") return destination;
  await destination.close();
  throw new BackupError({
    code: "USAGE",
    message: `the backup of a cluster is a folder, which "${path}" cannot be`,
    hint: "name a folder that is not there yet",
  });
}

function summary({ metadata, failed }: BackupClusterResult, location: string): string[] {
  const { databases = [], not_included: items = [] } = metadata;
  const rows = databases.reduce((sum, database) => sum + database.rows, 0);
  const tables = databases.reduce((sum, database) => sum + database.tables, 0);
  const all = databases.length + failed.length;
  const lines = [
    failed.length === 0
      ? `backup ${metadata.id} of the cluster is complete`
      : `backup ${metadata.id} of the cluster is PARTIAL: ${failed.length} of ${counted(all, "database")} failed`,
    `  folder    ${location}/${metadata.backup_file}`,
    `  size      ${formatBytes(metadata.size_bytes)} (${metadata.format}, ${metadata.compression})`,
    `  globals   ${globalsText(metadata)}`,
    `  data      ${counted(databases.length, "database")}, ${counted(tables, "table")}, ${counted(rows, "row")}`,
    `  duration  ${formatDuration(metadata.duration_seconds ?? 0)}`,
    ...(metadata.partial === undefined ? [] : [`  partial   ${metadata.partial.join(" ")}`]),
    ...failed.map(({ name, error }) => `  failed    "${name}": ${error.message}`),
  ];
  const missing = items.filter((item) => item.count > 0);
  if (missing.length > 0) {
    const named = missing.map(({ kind, count }) => countedKind(kind, count)).join(", ");
    lines.push(`  not in it ${named} (see: dbbackup show ${metadata.id})`);
  }
  return lines;
}
