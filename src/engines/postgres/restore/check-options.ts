import { BackupError } from "../../../core/backup-error.ts";
import type { RestoreRequest } from "../../../ports/restore.ts";
import { wantedKinds } from "../archive/wanted-parts.ts";

/**
 * Options of a restore of an archive that contradict each other.
 * @throws BackupError USAGE
 */
export function checkOptions(request: RestoreRequest): void {
  const isParallel = request.jobs.isAsked && request.jobs.count > 1;
  const { schemaOnly, dataOnly, statisticsOnly = false, singleTransaction, create } = request;
  const isChunked = request.transactionSize !== undefined;
  const hasJournal = request.journal !== undefined;
  const journal = request.journal === "resume" ? "--resume" : "--resumable";
  const exclusive: Exclusive[] = [
    [hasJournal && singleTransaction, journal, "--single-transaction"],
    // What is half done when the server refuses the rest could not be noted.
    [hasJournal && request.onError === "continue", journal, "--on-error continue"],
    // Owners of objects may not write the journal.
    [hasJournal && request.useSessionAuthorization, journal, "--use-set-session-authorization"],
    [schemaOnly && dataOnly, "--schema-only", "--data-only"],
    [schemaOnly && statisticsOnly, "--schema-only", "--statistics-only"],
    [dataOnly && statisticsOnly, "--data-only", "--statistics-only"],
    [schemaOnly && request.noSchema, "--schema-only", "--no-schema"],
    [dataOnly && request.noData, "--data-only", "--no-data"],
    [statisticsOnly && request.noStatistics, "--statistics-only", "--no-statistics"],
    [request.clean && dataOnly, "--clean", "--data-only"],
    [create && singleTransaction, "--create", "--single-transaction"],
    [request.onError === "continue" && singleTransaction, "--on-error continue", "--single-transaction"],
    [isParallel && singleTransaction, "--jobs", "--single-transaction"],
    [isChunked && singleTransaction, "--transaction-size", "--single-transaction"],
    [isChunked && request.onError === "continue", "--transaction-size", "--on-error continue"],
  ];
  refuseFirst(exclusive);
  const needs: [boolean | undefined, string, string][] = [
    [request.ifExists && !request.clean, "--if-exists", "--clean"],
    [request.superuser !== undefined && request.disableTriggers !== true, "--superuser", "--disable-triggers"],
    [request.disableTriggers === true && wantedKinds(request).schema, "--disable-triggers", "--data-only"],
  ];
  for (const [isMissing, one, other] of needs) {
    if (isMissing !== true) continue;
    throw new BackupError({
      code: "USAGE",
      message: `${one} needs ${other}`,
      hint: `add ${other}, or leave it out`,
    });
  }
}

/** The same of options that a script for psql cannot honour. */
export function checkScriptOptions(request: RestoreRequest): void {
  refuseFirst([
    [request.transactionSize !== undefined, "--transaction-size", "--file"],
    [request.jobs.isAsked && request.jobs.count > 1, "--jobs", "--file"],
    [request.target !== undefined, "--target", "--file"],
    [request.onError === "continue", "--on-error continue", "--file"],
  ]);
}

/** Options that exclude each other, and whether both are given. */
type Exclusive = readonly [both: boolean | undefined, one: string, other: string];

function refuseFirst(exclusive: readonly Exclusive[]): void {
  for (const [both, one, other] of exclusive) {
    if (both !== true) continue;
    throw new BackupError({
      code: "USAGE",
      message: `${one} and ${other} exclude each other`,
      hint: "leave out one of them",
    });
  }
}
