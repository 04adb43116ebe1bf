import { BackupError } from "../../core/backup-error.ts";
import type { DumpContext, Dumper, DumpOutput, DumpRequest, DumpResult } from "../../ports/dump.ts";
import { dumpMysqlDatabase } from "./dump/dump-database.ts";
import { refuseForeign } from "./dump/refuse-foreign.ts";
import { withMysqlSource } from "./dump/with-source.ts";

export interface MysqlDumperOptions {
  /** Name and version of this program, written into scripts. */
  readonly dumperVersion: string;
}

/** Makes logical backups of MySQL and MariaDB databases. */
export function createMysqlDumper({ dumperVersion }: MysqlDumperOptions): Dumper {
  return {
    check({ format, jobs, jobsAreAsked, ...request }: DumpRequest): void {
      if (format !== "sql") throw unusable(`--format ${format}`, "backups of MySQL and MariaDB have --format sql");
      if (jobsAreAsked === true && jobs > 1) throw unusable(`--jobs ${jobs}`, "a script is written by one connection");
      refuseForeign(request);
    },

    async dump(request: DumpRequest, output: DumpOutput, context: DumpContext): Promise<DumpResult> {
      if (output.kind !== "file") throw new Error("a script goes into a file");
      return await withMysqlSource(request, context, (source) =>
        dumpMysqlDatabase(source, request, output.sink, context, dumperVersion),
      );
    },
  };
}

function unusable(what: string, hint: string): BackupError {
  return new BackupError({ code: "USAGE", message: `"${what}" does not go with MySQL and MariaDB`, hint });
}
