import type { DumpContext, Dumper, DumpOutput, DumpRequest, DumpResult } from "../../ports/dump.ts";
import { newestMajor } from "../../wire/postgres/identify-server.ts";
import { chooseArchiveVersion } from "./archive/archive-version.ts";
import { checkRestrictKey } from "./archive/script-text.ts";
import { scriptOfOthers } from "./dump/choose-format.ts";
import { dumpDatabase } from "./dump/dump-database.ts";
import { withSource } from "./dump/with-source.ts";

export interface PostgresDumperOptions {
  /** Name and version of this program, written into archives. */
  readonly dumperVersion: string;
}

/** Makes logical backups of PostgreSQL databases. */
export function createPostgresDumper(options: PostgresDumperOptions): Dumper {
  return {
    check({ format, compression, archiveVersion, restrictKey }: DumpRequest): void {
      if (format === "sql") throw scriptOfOthers();
      // The newest server: what it cannot be asked for, no server can.
      if (format !== "plain") chooseArchiveVersion(newestMajor, compression, archiveVersion);
      if (restrictKey !== undefined) checkRestrictKey(restrictKey);
    },

    dump(request: DumpRequest, output: DumpOutput, context: DumpContext): Promise<DumpResult> {
      return withSource(request, context, (connection, connect) =>
        dumpDatabase(connection, request, output, context, { ...options, connect }),
      );
    },
  };
}
