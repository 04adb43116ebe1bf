import type { DumpContext, DumpRequest } from "../../../ports/dump.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlConnectionSpec } from "../../../wire/mysql/connection-spec.ts";
import { resolveMysqlConnection } from "../../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { identifyMysql, type MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";

/** A server to dump from. */
export interface MysqlSource {
  /** The first connection; no settings are changed in it. */
  readonly control: MysqlConnection;
  readonly facts: MysqlServerFacts;
  readonly spec: MysqlConnectionSpec;
  /** Opens one more, which whoever asked for it closes. */
  connect(): Promise<MysqlConnection>;
}

/** Connects to the server, runs `work`, and closes the connection. */
export async function withMysqlSource<T>(
  { connection: asked, applicationName }: DumpRequest,
  { progress, signal }: Pick<DumpContext, "progress" | "signal">,
  work: (source: MysqlSource) => Promise<T>,
): Promise<T> {
  const spec = await resolveMysqlConnection({ ...asked, applicationName });
  progress.emit({ event: "phase", phase: "connect", message: "connecting" });
  for (const message of spec.warnings) progress.emit({ event: "warning", message });
  await using control = await openMysqlSession(spec, { signal });
  const facts = await identifyMysql(control);
  return await work({ control, facts, spec, connect: () => openMysqlSession(control.spec, { signal }) });
}
