import type { BackupSingleRequest } from "../../commands/backup-single.ts";
import { type Compression, parseCompression } from "../../core/compression.ts";
import type { DumpFormat } from "../../core/dump-format.ts";
import type { Services } from "../../ports/services.ts";
import { backupTags } from "./backup-tags.ts";
import { namedFamily } from "./check-family.ts";
import type { Invocation } from "./command.ts";
import { connectionRequest } from "./connection-request.ts";
import { defaultJobs } from "./default-jobs.ts";
import { dumpSelection } from "./dump-selection.ts";
import { dumpSession } from "./dump-session.ts";
import { dumpShape } from "./dump-shape.ts";
import { keySources } from "./key-sources.ts";
import { mysqlDump } from "./mysql-dump.ts";
import type { OptionValues } from "./options/options.ts";

/** What the options of a backup of one database ask for, but for where it goes. @throws BackupError USAGE, NOT_FOUND, IO */
export async function backupRequest(
  { args, options }: Invocation,
  services: Pick<Services, "readTextFile" | "encryption">,
): Promise<Omit<BackupSingleRequest, "destination">> {
  const format = options.format ?? (namedFamily(options) === "mysql" ? "sql" : "custom");
  return {
    connection: connectionRequest(options),
    database: args[0]!,
    format,
    selection: await dumpSelection(options, services),
    shape: dumpShape(options),
    session: dumpSession(options),
    compression: compressionOf(options, format),
    statistics: options.statistics === true,
    allowedExtensions: options["allow-extension"] ?? [],
    ...(options["archive-version"] === undefined ? {} : { archiveVersion: options["archive-version"] }),
    ...(options["restrict-key"] === undefined ? {} : { restrictKey: options["restrict-key"] }),
    ...(namedFamily(options) === "mysql" ? { mysql: mysqlDump(options, args[0]!) } : {}),
    tags: backupTags(options),
    jobs: options.jobs ?? defaultJobs(),
    jobsAreAsked: options.jobs !== undefined,
    ...(options["split-larger-than"] === undefined ? {} : { splitLargerThan: options["split-larger-than"] }),
    ...(options["max-rate"] === undefined ? {} : { maxRate: options["max-rate"] }),
    ...(options["max-duration"] === undefined ? {} : { maxDuration: options["max-duration"] }),
    ...(options.encrypt === true
      ? { encryption: await (await services.encryption()).encryption(keySources(options)) }
      : {}),
  };
}

function compressionOf(options: OptionValues, format: DumpFormat): Compression {
  const isCompressed = format === "custom" || format === "directory";
  return parseCompression(options.compression ?? (isCompressed ? "gzip" : "none"));
}
