import type { ProgressEvent } from "../../src/ports/progress.ts";
import type { RestoreRequest } from "../../src/ports/restore.ts";
import type { MysqlAddress } from "./mysql-server.ts";
import type { ServerAddress } from "./postgres-server.ts";

/** A request that restores everything into `target`, as superuser over TCP. */
export function restoreRequest(
  server: Pick<ServerAddress, "port">,
  target: string,
  more: Partial<RestoreRequest> = {},
): RestoreRequest {
  return {
    connection: { host: "127.0.0.1", port: server.port, user: "postgres", sslMode: "disable" },
    target,
    create: false,
    clean: false,
    ifExists: false,
    onError: "stop",
    singleTransaction: false,
    jobs: { count: 1, isAsked: false },
    untrusted: false,
    confirmed: true,
    schemaOnly: false,
    dataOnly: false,
    tables: [],
    schemas: [],
    noOwner: false,
    noPrivileges: false,
    ...more,
  };
}

/** A sink that keeps all events. */
export function keptEvents() {
  const events: ProgressEvent[] = [];
  return { events, emit: (event: ProgressEvent) => void events.push(event) };
}

export const never = new AbortController().signal;

/** The same for a server of MySQL's family, as root over its Unix socket. */
export function mysqlRestoreRequest(
  server: MysqlAddress,
  target: string,
  more: Partial<RestoreRequest> = {},
): RestoreRequest {
  const connection = { socket: server.socket, user: "root", dbType: "mysql" } as const;
  return { ...restoreRequest(server, target), connection, ...more };
}
