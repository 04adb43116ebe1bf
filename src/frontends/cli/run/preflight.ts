import { type PreflightReport, preflight } from "../../../commands/preflight.ts";
import type { RepositoryReport } from "../../../commands/probe-repository.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { Check, SourceReport } from "../../../ports/preflight.ts";
import { formatBytes } from "../amounts.ts";
import { namedFamily } from "../check-family.ts";
import type { RunCommand } from "../command.ts";
import { connectionRequest } from "../connection-request.ts";
import { notIncludedLines } from "../not-included-lines.ts";
import { repositoryOf } from "../repository-option.ts";

export const run: RunCommand = async ({ args: [database], options }, { services, output, signal }) => {
  if (database === undefined && options.repo === undefined) {
    throw new BackupError({
      code: "USAGE",
      message: "nothing is named that could be looked at",
      hint: "name a database, or a repository with --repo",
    });
  }
  const location = repositoryOf(options);
  const repository = {
    repository: await services.openStorage(location),
    place: await services.openProbedPlace(location),
  };
  const ports = { ...repository, clock: services.clock };
  const report =
    database === undefined
      ? await preflight(undefined, ports, signal)
      : await preflight(
          {
            connection: connectionRequest(options),
            database,
            allowedExtensions: options["allow-extension"] ?? [],
          },
          { ...ports, sourceChecker: await services.openSourceChecker(namedFamily(options)) },
          signal,
        );
  const failed = report.checks.some(({ status }) => status === "error");
  output.document(documentOf(report, database, failed));
  output.print(
    ...report.checks.flatMap(checkLines),
    ...measureLines(report),
    ...missingLines(report),
    ...leftLines(report),
    "",
    verdict(report),
  );
  return failed ? ExitStatus.failed : ExitStatus.done;
};

function checkLines({ status, name, message, details = [], hint }: Check): string[] {
  const lines = [`${status.padEnd(8)} ${name.padEnd(11)} ${printable(message)}`];
  for (const detail of details) lines.push(`${" ".repeat(21)}${printable(detail)}`);
  if (hint !== undefined && status !== "ok") lines.push(`${" ".repeat(21)}hint: ${printable(hint)}`);
  return lines;
}

function measureLines({ source, repository }: PreflightReport): string[] {
  const { freeBytes, latencyMs, writeBytesPerSecond, readBytesPerSecond } = repository;
  const sizes = [
    ...(source === undefined
      ? []
      : [`database ${formatBytes(source.databaseBytes)}`, `data without indexes ${formatBytes(source.dataBytes)}`]),
    ...(freeBytes === undefined ? [] : [`free in the repository ${formatBytes(freeBytes)}`]),
  ];
  const speed =
    latencyMs === undefined
      ? []
      : [
          `small reads ${latencyMs.toFixed(1)} ms, writing ${formatBytes(writeBytesPerSecond!)}/s, reading ${formatBytes(readBytesPerSecond!)}/s`,
        ];
  return [...measureLine("sizes", sizes), ...measureLine("speed", speed)];
}

function measureLine(name: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [`${" ".repeat(9)}${name.padEnd(11)} ${values.join(", ")}`];
}

function missingLines({ source }: PreflightReport): string[] {
  const lines = notIncludedLines(source?.notIncluded ?? []);
  return lines.length === 0 ? [] : ["", "a backup of this database will not hold:", ...lines];
}

function leftLines({ repository: { left } }: PreflightReport): string[] {
  return left.length === 0
    ? []
    : ["", "written to try it, and could not be removed:", ...left.map((key) => `  ${printable(key)}`)];
}

function verdict({ source, checks }: PreflightReport): string {
  const errors = checks.filter(({ status }) => status === "error").length;
  const warnings = checks.filter(({ status }) => status === "warning").length;
  if (errors > 0) return `a backup would fail: ${counted(errors, "error")}, ${counted(warnings, "warning")}`;
  const can = source === undefined ? "backups can be written there" : "a backup can be made";
  return warnings > 0 ? `${can}, with ${counted(warnings, "warning")}` : can;
}

function documentOf(
  { source, repository, checks }: PreflightReport,
  database: string | undefined,
  failed: boolean,
): object {
  return {
    status: failed ? "error" : "ok",
    ...(source === undefined ? {} : sourceDocument(source, database)),
    ...(repository.freeBytes === undefined ? {} : { free_bytes: repository.freeBytes }),
    repository: repositoryDocument(repository),
    checks,
    ...(source === undefined ? {} : { not_included: source.notIncluded }),
  };
}

function sourceDocument(source: SourceReport, database: string | undefined): object {
  return {
    database,
    database_version: source.serverVersion,
    host: source.host,
    port: source.port,
    user: source.user,
    database_bytes: source.databaseBytes,
    data_bytes: source.dataBytes,
  };
}

function repositoryDocument({ location, protection, left, ...measured }: RepositoryReport): object {
  const { latencyMs, writeBytesPerSecond, readBytesPerSecond, clockAheadMs } = measured;
  return {
    location,
    left,
    ...(protection === undefined ? {} : { protection }),
    ...(latencyMs === undefined ? {} : { latency_ms: latencyMs }),
    ...(writeBytesPerSecond === undefined ? {} : { write_bytes_per_second: Math.round(writeBytesPerSecond) }),
    ...(readBytesPerSecond === undefined ? {} : { read_bytes_per_second: Math.round(readBytesPerSecond) }),
    ...(clockAheadMs === undefined ? {} : { clock_ahead_ms: Math.round(clockAheadMs) }),
  };
}
