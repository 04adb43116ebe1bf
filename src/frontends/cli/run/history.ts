import { BackupError } from "../../../core/backup-error.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import type { Operation, OperationsWish } from "../../../ports/catalogue.ts";
import { formatBytes, formatDuration } from "../amounts.ts";
import type { RunCommand } from "../command.ts";
import type { OptionValues } from "../options/options.ts";
import { readPastTime } from "../read-time.ts";
import { type Column, formatTable } from "../table.ts";

/** What is shown when nobody says. */
const USUAL_LIMIT = 100;

const columns: readonly Column[] = [
  { title: "BEGAN (UTC)" },
  { title: "COMMAND" },
  { title: "DATABASE" },
  { title: "OUTCOME" },
  { title: "DURATION", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "ERROR" },
];

export const run: RunCommand = async ({ options }, { catalogue: open, services, output }) => {
  const catalogue = await open();
  if (catalogue === undefined) throw noCatalogue();
  const operations = catalogue.operations(wishOf(options, services.clock.now()));
  if (operations.length === 0) output.info(nothingFound(options));
  else output.print(...formatTable(columns, operations.map(rowOf)));
  output.document(operations.map(documentOf));
  return ExitStatus.done;
};

function nothingFound({ database, failed, since }: OptionValues): string {
  const isChosen = database !== undefined || failed === true || since !== undefined;
  return isChosen
    ? "the catalogue of this machine has no such operation"
    : "the catalogue of this machine has no operations yet";
}

function wishOf({ database, failed, since, limit }: OptionValues, now: Date): OperationsWish {
  return {
    failed: failed === true,
    limit: limit ?? USUAL_LIMIT,
    ...(database === undefined ? {} : { databases: database }),
    ...(since === undefined ? {} : { since: readPastTime("since", since, now, "begins") }),
  };
}

function rowOf({ startedAt, command, database, state, durationSeconds, bytes, error, errorCode }: Operation): string[] {
  return [
    startedAt.toISOString().slice(0, 19).replace("T", " "),
    command,
    database ?? "",
    state === "lost" ? "did not end" : state,
    durationSeconds === undefined ? "" : formatDuration(durationSeconds),
    bytes === undefined ? "" : formatBytes(bytes),
    error ?? errorCode ?? "",
  ];
}

function documentOf({ id, startedAt, command, database, repository, state, ...end }: Operation): object {
  return {
    id,
    command,
    database: database ?? null,
    repository: repository ?? null,
    started: startedAt.toISOString(),
    outcome: state,
    duration_seconds: end.durationSeconds ?? null,
    bytes: end.bytes ?? null,
    backup_id: end.backupId ?? null,
    error: end.errorCode === undefined ? null : { code: end.errorCode, message: end.error ?? null },
  };
}

function noCatalogue(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "there is no catalogue, and so no history",
    hint: "name its file with --catalogue",
  });
}
