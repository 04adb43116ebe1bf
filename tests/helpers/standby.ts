import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type PostgresServer, startServer } from "./postgres-server.ts";
import { mustRun } from "./run-program.ts";

/** Starts a hot standby that streams from `primary`, which is halted for a moment to be copied. */
export async function startStandby(
  primary: PostgresServer,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const standby = await startServer({ major: primary.major });
  try {
    await standby.halt();
    await primary.halt();
    await rm(standby.dataDirectory, { recursive: true });
    await mustRun("cp", ["-a", primary.dataDirectory, standby.dataDirectory]);
    await primary.start();
    const lines = Object.entries({
      ...settings,
      unix_socket_directories: standby.socketDirectory,
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres`,
    }).map(([name, value]) => `${name} = '${value}'\n`);
    await appendFile(join(standby.dataDirectory, "postgresql.conf"), lines.join(""));
    await writeFile(join(standby.dataDirectory, "standby.signal"), "");
    await standby.start();
    return standby;
  } catch (error) {
    await standby.stop();
    throw error;
  }
}
