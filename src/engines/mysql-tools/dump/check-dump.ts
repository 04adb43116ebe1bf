import type { DumpRequest } from "../../../ports/dump.ts";
import { wholeShape } from "../../../ports/dump-shape.ts";
import { usualMysqlDump } from "../../../ports/mysql-dump.ts";
import { refuseForTools } from "../../common/tools/refuse-for-tools.ts";

/** Refuses what the dump programs of any version have nothing like. @throws BackupError USAGE */
export function checkMysqlToolsDump(request: DumpRequest): void {
  const { format, jobs, mysql = usualMysqlDump, shape = wholeShape } = request;
  if (format !== "sql") refuseForTools(`--format ${format}`, "mysqldump and mariadb-dump write scripts");
  if (request.jobsAreAsked === true && jobs > 1) refuseForTools(`--jobs ${jobs}`, "they read in one connection");
  if (request.maxRate !== undefined) refuseForTools("--max-rate", "they read as fast as they can");
  if (mysql.definer !== "keep") {
    refuseForTools(
      mysql.definer === "loader" ? "--skip-definer" : "--definer",
      "they keep definers; a restore can change them",
    );
  }
  if (shape.script.create && mysql.tables.length > 0) {
    refuseForTools("--create with --only-table", "they write CREATE DATABASE only before all of a database");
  }
}
