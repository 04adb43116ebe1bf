import { BackupError } from "../../../core/backup-error.ts";
import type { RestoreRequest } from "../../../ports/restore.ts";

/**
 * Options of a restore of an archive that contradict each other.
 * @throws BackupError USAGE
 */
export function checkOptions(request: RestoreRequest): void {
  const isParallel = request.jobs.isAsked && request.jobs.count > 1;
  const { schemaOnly, dataOnly, statisticsOnly = false, singleTransaction, create } = request;
  const exclusive: [boolean | undefined, string, string][] = [
    [schemaOnly && dataOnly, "--schema-only", "--data-only"],
    [schemaOnly && statisticsOnly, "--schema-only", "--statistics-only"],
    [dataOnly && statisticsOnly, "--data-only", "--statistics-only"],
    [schemaOnly && request.noSchema, "--schema-only", "--no-schema"],
    [dataOnly && request.noData, "--data-only", "--no-data"],
    [statisticsOnly && request.noStatistics, "--statistics-only", "--no-statistics"],
    [request.clean && dataOnly, "--clean", "--data-only"],
    [create && dataOnly, "--create", "--data-only"],
    [create && singleTransaction, "--create", "--single-transaction"],
    [request.onError === "continue" && singleTransaction, "--on-error continue", "--single-transaction"],
    [isParallel && singleTransaction, "--jobs", "--single-transaction"],
  ];
  for (const [both, one, other] of exclusive) {
    if (both !== true) continue;
    throw new BackupError({
      code: "USAGE",
      message: `${one} and ${other} exclude each other`,
      hint: "leave out one of them",
    });
  }
  if (request.ifExists && !request.clean) {
    throw new BackupError({
      code: "USAGE",
      message: "--if-exists needs --clean",
      hint: "add --clean, or leave it out",
    });
  }
}
