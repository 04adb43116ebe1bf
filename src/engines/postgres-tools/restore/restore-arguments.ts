import type { RestorePlan, RestoreRequest } from "../../../ports/restore.ts";
import { ToolArguments } from "../tool-arguments.ts";
import type { ToolVersion } from "../tool-version.ts";
import { type CheckedInput, takesJobs } from "./check-restore.ts";

/** Where a restore comes from and goes to. */
export interface RestorePlace {
  readonly conninfo: string;
  /** The archive: a file or a folder. */
  readonly archive: string;
  /** A file that names the entries to restore, when it is not all of them. */
  readonly list?: string;
}

/**
 * The arguments of pg_restore.
 * @throws BackupError USAGE for options that this version of it does not know
 */
export function restoreArguments(
  request: RestoreRequest,
  format: CheckedInput["format"],
  place: RestorePlace,
  version: ToolVersion,
): readonly string[] {
  const args = new ToolArguments("pg_restore", version);
  args.value("format", format);
  args.flag("verbose", true);
  args.flag("no-password", true);
  args.flag("create", request.create);
  args.flag("clean", request.clean);
  args.flag("if-exists", request.ifExists);
  args.flag("exit-on-error", request.onError === "stop");
  args.flag("no-data-for-failed-tables", request.onError === "continue");
  args.flag("single-transaction", request.singleTransaction);
  args.value("transaction-size", request.transactionSize, 17);
  if (takesJobs(format) && !request.singleTransaction && request.jobs.count > 1) args.value("jobs", request.jobs.count);
  args.flag("disable-triggers", request.disableTriggers);
  args.value("superuser", request.superuser);
  args.value("role", request.role);
  args.flag("enable-row-security", request.enableRowSecurity);
  args.flag("use-set-session-authorization", request.useSessionAuthorization);
  kindArguments(args, request);
  args.value("use-list", place.list);
  args.value("dbname", place.conninfo);
  args.list.push("--", place.archive);
  return args.list;
}

function kindArguments(args: ToolArguments, request: RestoreRequest): void {
  args.flag("schema-only", request.schemaOnly);
  args.flag("data-only", request.dataOnly);
  args.flag("statistics-only", request.statisticsOnly, 18);
  args.flag("no-schema", request.noSchema, 18);
  args.flag("no-data", request.noData, 18);
  args.flag("no-statistics", request.noStatistics, 18);
  args.values("section", request.sections);
  args.flag("no-owner", request.noOwner);
  args.flag("no-privileges", request.noPrivileges);
  args.flag("no-comments", request.noComments, 11);
  args.flag("no-policies", request.noPolicies, 18);
  args.flag("no-publications", request.noPublications);
  args.flag("no-subscriptions", request.noSubscriptions);
  args.flag("no-security-labels", request.noSecurityLabels);
  args.flag("no-tablespaces", request.noTablespaces);
  args.flag("no-table-access-method", request.noTableAccessMethod, 15);
}

/**
 * The entries that were chosen by name, as `--use-list` takes them: what a name means is for our own planner to say, so that
 * it means the same with every engine. Undefined when nothing was chosen.
 */
export function chosenEntries(request: RestoreRequest, { steps }: RestorePlan): string | undefined {
  const { tables, schemas, indexes = [], functions = [], triggers = [], excludedSchemas = [], useList } = request;
  const isChosen = [tables, schemas, indexes, functions, triggers, excludedSchemas].some((names) => names.length > 0);
  if (!isChosen && useList === undefined) return undefined;
  const ids = steps.filter(({ action }) => action !== "drop").map(({ dumpId }) => `${dumpId};\n`);
  return [...new Set(ids)].join("");
}

/** The arguments of psql, which reads the script from standard input. */
export function scriptArguments(request: RestoreRequest, conninfo: string): readonly string[] {
  return [
    "--no-psqlrc",
    "--quiet",
    "--no-password",
    "--output=/dev/null",
    ...(request.onError === "stop" ? ["--set=ON_ERROR_STOP=1"] : []),
    ...(request.singleTransaction ? ["--single-transaction"] : []),
    "--file=-",
    `--dbname=${conninfo}`,
  ];
}
