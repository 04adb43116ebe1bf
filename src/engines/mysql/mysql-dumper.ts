import { BackupError } from "../../core/backup-error.ts";
import type { DumpContext, Dumper, DumpOutput, DumpRequest, DumpResult } from "../../ports/dump.ts";
import { type MysqlDumpOptions, usualMysqlDump } from "../../ports/mysql-dump.ts";
import { dumpMysqlDatabase } from "./dump/dump-database.ts";
import { refuseForeign } from "./dump/refuse-foreign.ts";
import type { WaitForServer } from "./dump/server-wait.ts";
import { withMysqlSource } from "./dump/with-source.ts";
import { refuseOfSamples } from "./sample/refuse-of-samples.ts";

export interface MysqlDumperOptions {
  /** Name and version of this program, written into scripts. */
  readonly dumperVersion: string;
  /** When the sessions of a script share its work; for tests. */
  readonly serverWait?: WaitForServer;
}

/** Makes logical backups of MySQL and MariaDB databases. */
export function createMysqlDumper(how: MysqlDumperOptions): Dumper {
  return {
    check({ format, jobs: _jobs, jobsAreAsked: _asked, ...request }: DumpRequest): void {
      if (format !== "sql" && format !== "directory") {
        throw unusable(`--format ${format}`, "backups of MySQL and MariaDB have --format sql or directory");
      }
      refuseForeign(request);
      if (request.sample !== undefined) refuseOfSamples(request);
      if (format === "directory") refuseOfScripts(request.mysql);
      else refuseOfDirectories(request.mysql);
    },

    async dump(request: DumpRequest, output: DumpOutput, context: DumpContext): Promise<DumpResult> {
      return await withMysqlSource(request, context, (source) =>
        dumpMysqlDatabase(source, request, output, context, how),
      );
    },
  };
}

/** @throws BackupError USAGE */
function refuseOfDirectories({ chunkSize }: MysqlDumpOptions = usualMysqlDump): void {
  if (chunkSize !== undefined) {
    throw unusable("--chunk-size with --format sql", "a script is one file; --format directory has several");
  }
}

/** @throws BackupError USAGE for options that only scripts have */
function refuseOfScripts({ rows }: MysqlDumpOptions = usualMysqlDump): void {
  const usual = usualMysqlDump.rows;
  const given = [
    [rows.statement !== usual.statement, rows.statement === "REPLACE" ? "--replace" : "--insert-ignore"],
    [rows.namesColumns, "--complete-insert"],
    [rows.isSingle, "--skip-extended-insert"],
    [rows.hexBlob, "--hex-blob"],
  ] as const;
  const found = given.find(([isGiven]) => isGiven);
  if (found === undefined) return;
  throw new BackupError({
    code: "USAGE",
    message: `"${found[1]}" says how INSERTs are written, and format directory has none`,
    hint: "leave it out, or use --format sql",
  });
}

function unusable(what: string, hint: string): BackupError {
  return new BackupError({ code: "USAGE", message: `"${what}" does not go with MySQL and MariaDB`, hint });
}
