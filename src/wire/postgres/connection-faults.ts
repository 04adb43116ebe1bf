import { BackupError } from "../../core/backup-error.ts";
import { reasonText } from "../net/reason-text.ts";
import { describeHost, type HostSpec } from "./connection-spec.ts";

/** An established connection ended; `cause` is the system's error or the server's last words. */
export function connectionLost(host: HostSpec, doing: string, cause: Error | undefined): BackupError {
  return new BackupError({
    code: "CONNECTION_LOST",
    message: `the connection to ${describeHost(host)} was lost while ${doing}${cause === undefined ? "" : `: ${reasonText(cause)}`}`,
    object: describeHost(host),
    hint: "look into the server's log: it may have been stopped or restarted, or a network device closed the connection",
    retry: "maybe",
    ...(cause instanceof BackupError && cause.sqlState !== undefined ? { sqlState: cause.sqlState } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}

export function interrupted(doing: string): BackupError {
  return new BackupError({ code: "INTERRUPTED", message: `interrupted while ${doing}` });
}

/** No connection came about. */
export function cannotConnect(host: HostSpec, cause: Error): BackupError {
  const hint = hintFor((cause as NodeJS.ErrnoException).code, host);
  return new BackupError({
    code: "CONNECT",
    message: `cannot connect to ${describeHost(host)}: ${reasonText(cause)}`,
    object: describeHost(host),
    retry: "maybe",
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

function hintFor(code: string | undefined, host: HostSpec): string | undefined {
  switch (code) {
    case "ECONNREFUSED":
      return "check that the server runs, and that listen_addresses and port in postgresql.conf match";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "check the spelling of the host and the name server";
    case "ENOENT":
      return "check unix_socket_directories and port in postgresql.conf, or use --host";
    case "EACCES":
      return host.kind === "unix"
        ? "check unix_socket_permissions and unix_socket_group in postgresql.conf"
        : undefined;
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return "check the address and the firewalls in between";
    default:
      return undefined;
  }
}
