import type { RestoreRequest } from "../../../ports/restore.ts";
import { refuseForTools } from "../../common/tools/refuse-for-tools.ts";

/** What is known of a backup before its tool is. */
export interface CheckedInput {
  readonly format: "custom" | "directory" | "tar" | "script";
  /** The database that it was made of; empty when it does not tell. */
  readonly database: string;
}

/** Refuses what pg_restore and psql of any version have nothing like. @throws BackupError USAGE */
export function checkRestore(request: RestoreRequest, { format, database }: CheckedInput): void {
  const { jobs, target } = request;
  if (request.splitLargerThan !== undefined)
    refuseForTools("--split-larger-than", "they load each table in one session");
  if (request.journal !== undefined) refuseForTools(`--${journalFlag(request)}`, "they keep no notes of what is done");
  if (request.analyze === true) refuseForTools("--analyze", "they leave it to you");
  if (request.maxPlainBytes !== undefined) refuseForTools("--max-plain-size", "they decompress whatever there is");
  if (format === "script" && request.create)
    refuseForTools("--create", "psql runs a script in a database that is there");
  if (request.create && target !== undefined && target !== database) {
    refuseForTools("--target", `pg_restore creates a database of the name that it had, which is "${database}"`);
  }
  if (jobs.isAsked && jobs.count > 1 && !takesJobs(format)) {
    refuseForTools(`--jobs ${jobs.count}`, `of format ${format === "script" ? "plain" : format} they take one session`);
  }
}

/** Whether pg_restore restores it over several sessions. */
export function takesJobs(format: CheckedInput["format"]): boolean {
  return format === "custom" || format === "directory";
}

function journalFlag({ journal }: RestoreRequest): string {
  return journal === "resume" ? "resume" : "resumable";
}
