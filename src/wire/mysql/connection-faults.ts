import { BackupError } from "../../core/backup-error.ts";
import { reasonText } from "../net/reason-text.ts";
import { describeHost, type MysqlHost } from "./connection-spec.ts";

/** An established connection ended; `cause` is the system's error. */
export function connectionLost(host: MysqlHost, doing: string, cause: Error | undefined): BackupError {
  return new BackupError({
    code: "CONNECTION_LOST",
    message: `the connection to ${describeHost(host)} was lost while ${doing}${cause === undefined ? "" : `: ${reasonText(cause)}`}`,
    object: describeHost(host),
    hint: "look into the server's log: it may have been stopped or restarted, or a network device closed the connection",
    retry: "maybe",
    ...(cause === undefined ? {} : { cause }),
  });
}

export function interrupted(doing: string): BackupError {
  return new BackupError({ code: "INTERRUPTED", message: `interrupted while ${doing}` });
}

/** No connection came about. */
export function cannotConnect(host: MysqlHost, cause: Error): BackupError {
  return new BackupError({
    code: "CONNECT",
    message: `cannot connect to ${describeHost(host)}: ${reasonText(cause)}`,
    object: describeHost(host),
    hint: "check that the server runs, and that host, port or socket are those of its configuration",
    retry: "maybe",
    cause,
  });
}
