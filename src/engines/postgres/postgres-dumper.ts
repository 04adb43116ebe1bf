import type { DumpContext, Dumper, DumpOutput, DumpRequest, DumpResult } from "../../ports/dump.ts";
import { PgConnection } from "../../wire/postgres/connection.ts";
import { resolveConnection } from "../../wire/postgres/conninfo/resolve-connection.ts";
import { identifyServer, newestMajor } from "../../wire/postgres/identify-server.ts";
import { chooseArchiveVersion } from "./archive/archive-version.ts";
import { checkRestrictKey } from "./archive/script-text.ts";
import { dumpDatabase } from "./dump/dump-database.ts";
import { withDumpHint } from "./dump/dump-hint.ts";

export interface PostgresDumperOptions {
  /** Name and version of this program, written into archives. */
  readonly dumperVersion: string;
}

/** Makes logical backups of PostgreSQL databases. */
export function createPostgresDumper(options: PostgresDumperOptions): Dumper {
  return {
    check({ format, compression, archiveVersion, restrictKey }: DumpRequest): void {
      // The newest server: what it cannot be asked for, no server can.
      if (format !== "plain") chooseArchiveVersion(newestMajor, compression, archiveVersion);
      if (restrictKey !== undefined) checkRestrictKey(restrictKey);
    },

    async dump(request: DumpRequest, output: DumpOutput, context: DumpContext): Promise<DumpResult> {
      const { progress, signal } = context;
      const { database, applicationName } = request;
      const spec = resolveConnection({ ...request.connection, database, applicationName });
      progress.emit({ event: "phase", phase: "connect", message: "connecting" });
      for (const message of spec.warnings) progress.emit({ event: "warning", message });
      await using connection = await PgConnection.connect(spec, { text: "binary", signal });
      await identifyServer(connection, spec, signal);
      const sameServer = { ...spec, hosts: [connection.host] };
      const connect = () => PgConnection.connect(sameServer, { text: "binary", signal });
      try {
        return await dumpDatabase(connection, request, output, context, { ...options, connect });
      } catch (error) {
        throw withDumpHint(error);
      }
    },
  };
}
