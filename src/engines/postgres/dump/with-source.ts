import type { DumpContext, DumpRequest } from "../../../ports/dump.ts";
import { PgConnection } from "../../../wire/postgres/connection.ts";
import { resolveConnection } from "../../../wire/postgres/conninfo/resolve-connection.ts";
import { identifyServer } from "../../../wire/postgres/identify-server.ts";
import { withDumpHint } from "./dump-hint.ts";

/**
 * Connects to the database that is to be dumped, runs `work`, and closes the connection.
 * @param work may open more connections like the first, to the same server
 */
export async function withSource<T>(
  { connection: asked, database, applicationName }: DumpRequest,
  { progress, signal }: Pick<DumpContext, "progress" | "signal">,
  work: (connection: PgConnection, connect: () => Promise<PgConnection>) => Promise<T>,
): Promise<T> {
  const spec = resolveConnection({ ...asked, database, applicationName });
  progress.emit({ event: "phase", phase: "connect", message: "connecting" });
  for (const message of spec.warnings) progress.emit({ event: "warning", message });
  await using connection = await PgConnection.connect(spec, { text: "binary", signal });
  await identifyServer(connection, spec, signal);
  const sameServer = { ...spec, hosts: [connection.host] };
  try {
    return await work(connection, () => PgConnection.connect(sameServer, { text: "binary", signal }));
  } catch (error) {
    throw withDumpHint(error);
  }
}
