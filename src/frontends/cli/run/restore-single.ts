import { type RestoreOutcome, type RestoreSingleRequest, restoreSingle } from "../../../commands/restore-single.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { counted, formatCount } from "../../../core/counted.ts";
import type { NamedFamily } from "../../../core/database-type.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { RestoreResult } from "../../../ports/restore.ts";
import { formatBytes, formatDuration } from "../amounts.ts";
import { familyOfReading, restoresIntoServer } from "../check-family.ts";
import type { RunCommand } from "../command.ts";
import { connectionRequest } from "../connection-request.ts";
import { defaultJobs } from "../default-jobs.ts";
import { engineChoice } from "../engine-choice.ts";
import { mysqlDefiner } from "../mysql-definer.ts";
import type { OptionValues } from "../options/options.ts";
import type { Output } from "../output.ts";
import { repositoryOf } from "../repository-option.ts";
import { restoreSelection } from "../restore-selection.ts";
import { unlockingOf } from "../unlocking.ts";
import { salvageLines } from "./salvage-lines.ts";

export const run: RunCommand = async ({ args, options, flags }, { services, output, progress, note, signal }) => {
  const family = familyOfReading(options, flags, restoresIntoServer(options));
  const ports = {
    engine: await services.openRestorer(engineChoice(options), family),
    clock: services.clock,
    progress,
    openChecker: () => services.openChecker(family.asked ?? family.usual),
    locateFile: services.locateFile,
    unlocking: await unlockingOf(options, services, progress),
    openRepository: (url?: string) => services.openStorage(url ?? repositoryOf(options)),
    standardInput: () => services.standardInput(),
    readTextFile: (path: string) => services.readTextFile(path),
    openOutput: services.openOutput,
    locateOutput: (path: string) => services.locateOutput(path),
  };
  refuseTwoOnStdout(options);
  if (options.target !== undefined) note({ database: options.target });
  const outcome = await restoreSingle(requestOf(args[0]!, options, family), ports, signal);
  const { backupId, plan, result } = outcome;
  if (result !== undefined) {
    note({ database: plan.target, bytes: result.bytes, ...(backupId === undefined ? {} : { backupId }) });
  }
  output.document(documentOf(outcome));
  if (options.file !== undefined) return printWritten(options.file, outcome, output);
  if (options.list === true) output.print(...outcome.plan.listing);
  else if (outcome.result === undefined) printPlan(outcome, output);
  else printResult(outcome.result, output, outcome.salvage !== undefined);
  if (outcome.salvage !== undefined) output.print(...salvageLines(outcome.salvage).map((line) => printable(line)));
  const isPartial = (result?.failed ?? 0) > 0 || (result !== undefined && outcome.salvage !== undefined);
  return isPartial ? ExitStatus.partial : ExitStatus.done;
};

function requestOf(backup: string, options: OptionValues, { usual }: NamedFamily): RestoreSingleRequest {
  return {
    backup,
    mode: modeOf(options),
    ...(options.file === undefined ? {} : { file: options.file }),
    ...(options["restrict-key"] === undefined ? {} : { restrictKey: options["restrict-key"] }),
    verifyFirst: options["verify-first"] === true,
    follow: options.follow === true,
    salvage: options.salvage === true,
    filterFiles: options.filter ?? [],
    ...(options["use-list"] === undefined ? {} : { useListFile: options["use-list"] }),
    restore: {
      // The usual server is not asked.
      connection: usual === undefined ? connectionRequest(options) : {},
      ...(options.target === undefined ? {} : { target: options.target }),
      listsDependencies: options.list === true && options.verbose === true,
      create: options.create === true,
      clean: options.clean === true,
      ifExists: options["if-exists"] === true,
      onError: options["on-error"] ?? "stop",
      singleTransaction: options["single-transaction"] === true,
      ...(options["transaction-size"] === undefined ? {} : { transactionSize: options["transaction-size"] }),
      disableTriggers: options["disable-triggers"] === true,
      ...(options.superuser === undefined ? {} : { superuser: options.superuser }),
      ...(options.role === undefined ? {} : { role: options.role }),
      enableRowSecurity: options["enable-row-security"] === true,
      useSessionAuthorization: options["use-set-session-authorization"] === true,
      jobs: { count: options.jobs ?? defaultJobs(), isAsked: options.jobs !== undefined },
      ...(options["split-larger-than"] === undefined ? {} : { splitLargerThan: options["split-larger-than"] }),
      ...restoreSelection(options),
      ...journalOf(options),
      allowedExtensions: options["allow-extension"] ?? [],
      analyze: options.analyze === true,
      definer: mysqlDefiner(options),
      untrusted: options.untrusted === true,
      ...(options.convert === true ? { convert: true } : {}),
      confirmed: options.confirm === true,
      ...(options["max-plain-size"] === undefined ? {} : { maxPlainBytes: options["max-plain-size"] }),
    },
  };
}

function modeOf(options: OptionValues): RestoreSingleRequest["mode"] {
  if (options.list === true) return "list";
  if (options["dry-run"] === true) return "dry-run";
  return options.file === undefined ? "restore" : "script";
}

function journalOf(options: OptionValues): Pick<RestoreSingleRequest["restore"], "journal"> {
  if (options.resume === true) return { journal: "resume" };
  return options.resumable === true ? { journal: "new" } : {};
}

function refuseTwoOnStdout(options: OptionValues): void {
  if (options.file !== "-" || options.json !== true) return;
  throw new BackupError({
    code: "USAGE",
    message: "--json and --file - both want stdout",
    hint: "write into a file, or leave out --json",
  });
}

/** What was written may be on stdout: what is said about it goes elsewhere. */
function printWritten(file: string, { script }: RestoreOutcome, output: Output): ExitStatus {
  const data =
    script === undefined ? "" : `: ${counted(script.entries, "entry", "entries")}, ${counted(script.rows, "row")}`;
  if (file !== "-") output.info(`"${file}" is written${data}`);
  return ExitStatus.done;
}

function documentOf({ summary, plan, findings, result, salvage, script }: RestoreOutcome): unknown {
  const { target, steps, needsTrust, listing } = plan;
  const leftOut = Object.fromEntries(plan.leftOut);
  return {
    backup: summary,
    ...(script === undefined ? {} : { script }),
    ...(salvage === undefined ? {} : { salvage }),
    ...(result === undefined ? { plan: { target, steps, leftOut, needsTrust, listing } } : { result }),
    findings,
  };
}

function printPlan({ plan, findings }: RestoreOutcome, output: Output): void {
  const lines = [`would restore into database "${plan.target}":`];
  for (const { action, type, name } of plan.steps) lines.push(`  ${action} ${type} ${name}`);
  for (const [type, count] of plan.leftOut) lines.push(`  left out: ${formatCount(count)} ${type}`);
  for (const item of plan.needsTrust) lines.push(`needs trust: ${item}`);
  for (const { severity, message, solution } of findings) lines.push(`${severity}: ${message}`, `  ${solution}`);
  if (findings.length === 0) lines.push("nothing is in the way");
  output.print(...lines.map((line) => printable(line)));
}

function printResult(result: RestoreResult, output: Output, isSalvaged: boolean): void {
  const seconds = result.durationMs / 1000;
  const objects = result.largeObjects === 0 ? "" : `, ${counted(result.largeObjects, "large object")}`;
  const before =
    result.doneBefore === undefined ? "" : `, and ${formatCount(result.doneBefore)} before the interruption`;
  const lines = [
    result.failed === 0
      ? `database "${result.target}" is restored${isSalvaged ? " as far as the backup is whole" : ""}`
      : `database "${result.target}" is restored in part: ${formatCount(result.failed)} failed`,
    `  done      ${counted(result.done, "entry", "entries")}${before}`,
    result.isUncounted === true
      ? "  data      restored, and not counted"
      : `  data      ${counted(result.rows, "row")}, ${formatBytes(result.bytes)}${objects}`,
    `  duration  ${formatDuration(seconds)}${seconds > 0 && result.bytes > 0 ? `, ${formatBytes(result.bytes / seconds)}/s` : ""}`,
  ];
  if (result.engine !== undefined) lines.push(`  by        ${result.engine.version}`);
  for (const { object, message } of result.failures) lines.push(`  failed    ${object}: ${message}`);
  if (result.failed > result.failures.length) {
    lines.push(`  failed    and ${formatCount(result.failed - result.failures.length)} more`);
  }
  for (const warning of result.warnings) output.warn(warning);
  output.print(...lines.map((line) => printable(line)));
}
