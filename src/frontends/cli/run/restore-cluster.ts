import {
  type RestoreClusterOutcome,
  type RestoreClusterRequest,
  type RestoredDatabase,
  restoreCluster,
} from "../../../commands/cluster/restore-cluster.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { counted, formatCount } from "../../../core/counted.ts";
import type { EngineFamily } from "../../../core/database-type.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { RestoreFailure } from "../../../ports/restore.ts";
import { formatBytes } from "../amounts.ts";
import { familyOfReading } from "../check-family.ts";
import type { RunCommand } from "../command.ts";
import { connectionRequest } from "../connection-request.ts";
import { defaultJobs } from "../default-jobs.ts";
import { errorDocument } from "../describe-error.ts";
import { mysqlDefiner } from "../mysql-definer.ts";
import type { OptionValues } from "../options/options.ts";
import type { Output } from "../output.ts";
import { repositoryOf } from "../repository-option.ts";
import { restoreSelection } from "../restore-selection.ts";
import { tablespaceMap } from "../tablespace-map.ts";
import { unlockingOf } from "../unlocking.ts";

export const run: RunCommand = async ({ args, options, flags }, { services, output, progress, signal }) => {
  const request = requestOf(args[0]!, options);
  const ports = {
    engine: await services.openRestorer(undefined, familyOfReading(options, flags, true)),
    openGlobalsRestorer: (family: EngineFamily) => services.openGlobalsRestorer(family),
    openEarlierArchives: () => services.openEarlierArchives(),
    recognizeFile: services.recognizeFile,
    clock: services.clock,
    progress,
    openChecker: () => services.openChecker(),
    locateFile: services.locateFile,
    unlocking: await unlockingOf(options, services, progress),
    openRepository: (url?: string) => services.openStorage(url ?? repositoryOf(options)),
  };
  const outcome = await restoreCluster(request, ports, signal);
  output.document(documentOf(outcome));
  if (outcome.result === undefined) printPlan(outcome, output);
  else printResult(outcome.result, output);
  return isWhole(outcome) ? ExitStatus.done : ExitStatus.partial;
};

function requestOf(backup: string, options: OptionValues): RestoreClusterRequest {
  const wanted = options.database ?? [];
  const excluded = options["exclude-database"] ?? [];
  const [rolesOnly, tablespacesOnly] = [options["roles-only"] === true, options["tablespaces-only"] === true];
  const globalsOnly = options["globals-only"] === true || rolesOnly || tablespacesOnly;
  const withGlobals = wanted.length === 0;
  const connection = connectionRequest(options);
  const selection = restoreSelection(options);
  const { noPrivileges, noComments = false, noSecurityLabels = false } = selection;
  refuseIgnored(options, { withGlobals, withDatabases: !globalsOnly, withTablespaces: withGlobals && !rolesOnly });
  return {
    backup,
    globals: {
      connection,
      roles: withGlobals && !tablespacesOnly,
      tablespaces: withGlobals && !rolesOnly && options["no-tablespaces"] !== true,
      rolePasswords: options["no-role-passwords"] !== true,
      ...(options.convert === true ? { convert: true } : {}),
      ...(options["on-error"] === undefined ? {} : { onError: options["on-error"] }),
      noPrivileges,
      noComments,
      noSecurityLabels,
      tablespaceMap: tablespaceMap(options["tablespace-map"] ?? []),
    },
    databases: globalsOnly ? undefined : { wanted, excluded },
    restore: {
      connection,
      clean: options.clean === true,
      ifExists: false,
      onError: options["on-error"] ?? "stop",
      singleTransaction: false,
      jobs: { count: options.jobs ?? defaultJobs(), isAsked: options.jobs !== undefined },
      analyze: options.analyze === true,
      ...selection,
      allowedExtensions: options["allow-extension"] ?? [],
      definer: mysqlDefiner(options),
      untrusted: options.untrusted === true,
      ...(options.convert === true ? { convert: true } : {}),
      confirmed: options.confirm === true,
      ...(options["max-plain-size"] === undefined ? {} : { maxPlainBytes: options["max-plain-size"] }),
    },
    dryRun: options["dry-run"] === true,
    verifyFirst: options["verify-first"] === true,
  };
}

/** What only says something of databases. */
const ofDatabases = ["clean", "schema-only", "no-statistics", "no-owner", "verify-first"] as const;

/** @throws BackupError USAGE for options that would change nothing */
function refuseIgnored(
  options: OptionValues,
  { withGlobals, withDatabases, withTablespaces }: Readonly<Record<`with${string}`, boolean>>,
): void {
  const useless = [
    ...(withDatabases ? [] : ofDatabases),
    ...(withGlobals ? [] : (["no-role-passwords"] as const)),
    ...(withTablespaces && options["no-tablespaces"] !== true ? [] : (["tablespace-map"] as const)),
  ].find((name) => options[name] !== undefined);
  if (useless === undefined) return;
  throw new BackupError({
    code: "USAGE",
    message: `option "--${useless}" changes nothing of what is restored`,
    hint: withGlobals ? "leave it out" : "with --database no globals are restored: leave it out",
  });
}

function isWhole({ result }: RestoreClusterOutcome): boolean {
  if (result === undefined) return true;
  return (result.globals?.failed ?? 0) === 0 && result.databases.every(isRestored);
}

function isRestored({ result, error }: RestoredDatabase): boolean {
  return error === undefined && (result?.failed ?? 0) === 0;
}

function documentOf({ plan, findings, result }: RestoreClusterOutcome): unknown {
  if (result === undefined) return { plan, findings };
  const databases = result.databases.map(({ error, ...database }) => ({
    ...database,
    ...(error === undefined ? {} : { error: errorDocument(error) }),
  }));
  return { result: { ...(result.globals === undefined ? {} : { globals: result.globals }), databases }, findings };
}

function printPlan({ plan, findings }: RestoreClusterOutcome, output: Output): void {
  const lines = ["would restore:", ...plan.map((step) => `  ${step}`)];
  for (const { severity, message, solution } of findings) lines.push(`${severity}: ${message}`, `  ${solution}`);
  if (findings.length === 0) lines.push("nothing is in the way");
  output.print(...lines.map((line) => printable(line)));
}

function printResult({ globals, databases }: NonNullable<RestoreClusterOutcome["result"]>, output: Output): void {
  const whole = databases.filter(isRestored);
  const failed = databases.length - whole.length + (globals?.failed ?? 0);
  const rows = databases.reduce((sum, { result }) => sum + (result?.rows ?? 0), 0);
  const bytes = databases.reduce((sum, { result }) => sum + (result?.bytes ?? 0), 0);
  const lines = [
    failed === 0 ? "the cluster is restored" : "the cluster is restored in part",
    ...(globals === undefined ? [] : [`  globals   ${counted(globals.done, "statement")}`]),
    `  data      ${counted(whole.length, "database")}, ${counted(rows, "row")}, ${formatBytes(bytes)}`,
    ...failureLines("globals", globals?.failures ?? [], globals?.failed ?? 0),
  ];
  for (const { name, error, result } of databases) {
    if (error !== undefined) lines.push(`  failed    database "${name}": ${error.message}`);
    if (result !== undefined) lines.push(...failureLines(`database "${name}"`, result.failures, result.failed));
    for (const warning of result?.warnings ?? []) output.warn(`database "${name}": ${warning}`);
  }
  for (const warning of globals?.warnings ?? []) output.warn(warning);
  output.print(...lines.map((line) => printable(line)));
}

function failureLines(where: string, failures: readonly RestoreFailure[], failed: number): string[] {
  const lines = failures.map(({ object, message }) => `  failed    ${where}: ${object}: ${message}`);
  return failed > failures.length ? [...lines, `  failed    and ${formatCount(failed - failures.length)} more`] : lines;
}
