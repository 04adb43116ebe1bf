import { type PreflightReport, preflight } from "../../../commands/preflight.ts";
import { formatCount } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { Check } from "../../../ports/preflight.ts";
import { formatBytes } from "../amounts.ts";
import { namedFamily } from "../check-family.ts";
import type { RunCommand } from "../command.ts";
import { connectionRequest } from "../connection-request.ts";
import { notIncludedLines } from "../not-included-lines.ts";
import { repositoryOf } from "../repository-option.ts";

export const run: RunCommand = async ({ args, options }, { services, output, signal }) => {
  const report = await preflight(
    {
      connection: connectionRequest(options),
      database: args[0]!,
      allowedExtensions: options["allow-extension"] ?? [],
    },
    {
      sourceChecker: await services.openSourceChecker(namedFamily(options)),
      repository: await services.openStorage(repositoryOf(options)),
    },
    signal,
  );
  const failed = report.checks.some(({ status }) => status === "error");
  output.document(documentOf(report, args[0]!, failed));
  output.print(
    ...report.checks.flatMap(checkLines),
    ...sizeLines(report),
    ...missingLines(report),
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

function sizeLines({ source, freeBytes }: PreflightReport): string[] {
  const free = freeBytes === undefined ? "" : `, free in the repository ${formatBytes(freeBytes)}`;
  return [
    `${" ".repeat(9)}${"sizes".padEnd(11)} database ${formatBytes(source.databaseBytes)}, data without indexes ${formatBytes(source.dataBytes)}${free}`,
  ];
}

function missingLines({ source: { notIncluded } }: PreflightReport): string[] {
  const lines = notIncludedLines(notIncluded);
  return lines.length === 0 ? [] : ["", "a backup of this database will not hold:", ...lines];
}

function verdict({ checks }: PreflightReport): string {
  const errors = checks.filter(({ status }) => status === "error").length;
  const warnings = checks.filter(({ status }) => status === "warning").length;
  if (errors > 0) return `a backup would fail: ${formatCount(errors)} errors, ${formatCount(warnings)} warnings`;
  return warnings > 0 ? `a backup can be made, with ${formatCount(warnings)} warnings` : "a backup can be made";
}

function documentOf({ source, checks, freeBytes }: PreflightReport, database: string, failed: boolean): object {
  return {
    status: failed ? "error" : "ok",
    database,
    database_version: source.serverVersion,
    host: source.host,
    port: source.port,
    user: source.user,
    database_bytes: source.databaseBytes,
    data_bytes: source.dataBytes,
    ...(freeBytes === undefined ? {} : { free_bytes: freeBytes }),
    checks,
    not_included: source.notIncluded,
  };
}
