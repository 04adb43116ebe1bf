import { compare } from "../../../commands/compare.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { familyOf, shownFamily, typeOfUrl } from "../../../core/database-type.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { type ComparisonLimits, defaultComparisonLimits } from "../../../ports/comparison.ts";
import type { RunCommand } from "../command.ts";
import { defaultJobs } from "../default-jobs.ts";
import { readingKeyNames } from "../key-sources.ts";
import type { OptionValues } from "../options/options.ts";
import { repositoryOf } from "../repository-option.ts";
import { unlockingOf } from "../unlocking.ts";
import { comparisonDocument, comparisonLines, schemaScript } from "./comparison-lines.ts";

export const run: RunCommand = async ({ args, options, flags }, { services, output, progress, signal }) => {
  const [left, right] = [args[0]!, args[1]!];
  if (!isDatabase(left)) throw noDatabase(left);
  const request = {
    left: { url: left },
    right: isDatabase(right) ? { url: right } : right,
    schemaOnly: options["schema-only"] === true,
    schemaStatements: options["schema-sql"] === true,
    limits: limitsOf(options),
    jobs: options.jobs ?? defaultJobs(),
    ...(options["hash-on"] === undefined ? {} : { hashOn: options["hash-on"] }),
    ...(options["split-larger-than"] === undefined ? {} : { splitLargerThan: options["split-larger-than"] }),
    ...stateOf(options),
  };
  if (isDatabase(right)) refuseKeys(flags);
  else refuseForBackup(options, flags);
  const family = familyOf(typeOfUrl(left)!);
  if (isDatabase(right) && familyOf(typeOfUrl(right)!) !== family) throw differentKinds();
  if (family === "mysql") refuseForMysql(options, flags);

  const ports = {
    comparer: await services.openComparer(family),
    openNotes: services.openComparisonNotes,
    locateFile: services.locateFile,
    unlocking: await unlockingOf(options, services, progress),
    openRepository: (url?: string) => services.openStorage(url ?? repositoryOf(options)),
  };
  const result = await compare(request, ports, { progress, signal });
  output.clearProgress();
  output.document(comparisonDocument(result));
  output.print(...(result.schemaStatements === undefined ? comparisonLines(result) : schemaScript(result)));
  return result.equal ? ExitStatus.done : ExitStatus.damaged;
};

function limitsOf(options: OptionValues): ComparisonLimits {
  const differences = options["limit-differences"];
  return {
    schemaDifferences: differences ?? defaultComparisonLimits.schemaDifferences,
    dataDifferences: differences ?? defaultComparisonLimits.dataDifferences,
    sampleRows: options["limit-rows"] ?? defaultComparisonLimits.sampleRows,
    showValues: options["show-values"] === true,
  };
}

/** What says how two databases are read means nothing when one side is a backup. */
function refuseForBackup(options: OptionValues, flags: ReadonlySet<string>): void {
  const given = firstSaid(options, flags);
  if (given === undefined) return;
  throw new BackupError({
    code: "USAGE",
    message: `"--${given}" is for two databases, and B is a backup`,
    hint: `leave it out, or restore the backup into another database and compare the two`,
  });
}

function refuseKeys(flags: ReadonlySet<string>): void {
  if (!readingKeyNames.some((name) => flags.has(name))) return;
  throw new BackupError({
    code: "USAGE",
    message: "keys are for encrypted backups, and both sides are databases",
    hint: "leave them out",
  });
}

const databasesOnly = ["hash-on", "split-larger-than", "state-file", "resume", "schema-sql"] as const;

/** The configuration says for backups, too, from where on tables are split. */
function firstSaid(options: OptionValues, flags: ReadonlySet<string>): string | undefined {
  return databasesOnly.find((name) => (name === "split-larger-than" ? flags.has(name) : options[name] !== undefined));
}

/** Rows of MySQL and MariaDB are read by one session a side, and hashed here. */
function refuseForMysql(options: OptionValues, flags: ReadonlySet<string>): void {
  const given = flags.has("jobs") ? "jobs" : firstSaid(options, flags);
  if (given === undefined) return;
  throw new BackupError({
    code: "USAGE",
    message: `"--${given}" of compare is for PostgreSQL only`,
    hint: "leave it out",
  });
}

function stateOf(options: OptionValues) {
  const file = options["state-file"];
  const isResumed = options.resume === true;
  if (file !== undefined) return { state: { file, how: isResumed ? ("resume" as const) : ("new" as const) } };
  if (!isResumed) return {};
  throw new BackupError({
    code: "USAGE",
    message: "--resume needs the notes of the comparison that was interrupted",
    hint: "name them with --state-file FILE, as that comparison did",
  });
}

const isDatabase = (argument: string): boolean => /^(postgres(ql)?|mysql|mariadb):\/\//.test(argument);

function differentKinds(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `databases of ${shownFamily.postgres} and of ${shownFamily.mysql} cannot be compared`,
    hint: "name two of one kind",
  });
}

function noDatabase(argument: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `"${argument}" is no URL of a database`,
    hint: "write it as postgres://user@host:port/database, mysql://... or mariadb://...; what is missing is read as the server's own clients read it",
  });
}
