import { BackupError } from "../../core/backup-error.ts";
import { reasonText } from "../net/reason-text.ts";
import { handshakeReason } from "../net/tls/handshake-reason.ts";
import { describeHost, type MysqlHost } from "./connection-spec.ts";

/** A TLS connection did not come about. */
export function tlsFault(host: MysqlHost, reason: string, hint: string, cause?: unknown): BackupError {
  return new BackupError({
    code: "CONNECT",
    message: `no TLS connection to ${describeHost(host)}: ${reason}`,
    object: describeHost(host),
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What went wrong in the handshake, in words that name the setting to look at. */
export function handshakeFault(host: MysqlHost, error: Error): BackupError {
  if (error instanceof BackupError) return error;
  const [reason, hint] = handshakeReason((error as NodeJS.ErrnoException).code ?? "", words) ?? [
    reasonText(error),
    "look into the server's log for its side of it",
  ];
  return tlsFault(host, reason, hint, error);
}

const words = {
  roots: "--ssl-ca",
  versions: "tls-version here and tls_version on the server",
  reset: "check the TLS versions that both sides allow",
};
