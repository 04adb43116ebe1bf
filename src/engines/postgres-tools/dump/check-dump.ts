import type { DumpRequest } from "../../../ports/dump.ts";
import { refuseForTools } from "../../common/tools/refuse-for-tools.ts";

/** Refuses what pg_dump of any version has nothing like. @throws BackupError USAGE */
export function checkDump(request: DumpRequest): void {
  const { format, jobs, archiveVersion, allowedExtensions = [] } = request;
  if (format === "sql") refuseForTools("--format sql", "it is a script of MySQL and MariaDB");
  if (request.splitLargerThan !== undefined)
    refuseForTools("--split-larger-than", "pg_dump reads each table as a whole");
  if (request.maxRate !== undefined) refuseForTools("--max-rate", "pg_dump reads as fast as it can");
  if (archiveVersion !== undefined) refuseForTools("--archive-version", "each pg_dump writes one version");
  if (allowedExtensions.length > 0) refuseForTools("--allow-extension", "pg_dump does not look at extensions");
  if (request.jobsAreAsked === true && jobs > 1 && format !== "directory") {
    refuseForTools(`--jobs ${jobs}`, "pg_dump uses several connections only with --format directory");
  }
}
