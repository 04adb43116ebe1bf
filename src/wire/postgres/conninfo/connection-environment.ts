import { homedir, userInfo } from "node:os";
import { join } from "node:path";

/** What the machine and the user's account contribute to a connection. */
export interface ConnectionEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Where `.pgpass` and `.postgresql/` are looked for. */
  readonly homeFolder: string;
  readonly userName: string;
  /** Folders in which servers make their Unix sockets when not told otherwise. */
  readonly socketFolders: readonly string[];
  /** Where `pg_service.conf` is when PGSYSCONFDIR does not say it. */
  readonly systemFolders: readonly string[];
}

/** Debian and Red Hat build for the first, PostgreSQL's own default is the second. */
const socketFolders = ["/var/run/postgresql", "/tmp"];
const systemFolders = ["/etc/postgresql-common", "/etc"];

export function systemEnvironment(): ConnectionEnvironment {
  return { variables: process.env, homeFolder: homedir(), userName: accountName(), socketFolders, systemFolders };
}

/** A process may run under a user id that has no name (a container). */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? process.env.LOGNAME ?? "";
  }
}

/** libpq's folder for certificates. */
export function postgresqlFolder(environment: ConnectionEnvironment): string {
  return join(environment.homeFolder, ".postgresql");
}
