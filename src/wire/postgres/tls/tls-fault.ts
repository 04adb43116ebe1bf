import { BackupError } from "../../../core/backup-error.ts";
import { reasonText } from "../../net/reason-text.ts";
import { handshakeReason } from "../../net/tls/handshake-reason.ts";
import { describeHost, type HostSpec } from "../connection-spec.ts";

/**
 * A TLS connection did not come about. Another host of the list is not tried after it: it could be the one that an
 * attacker wants us to reach.
 */
export function tlsFault(host: HostSpec, reason: string, hint: string, cause?: unknown): BackupError {
  return new BackupError({
    code: "CONNECT",
    message: `no TLS connection to ${describeHost(host)}: ${reason}`,
    object: describeHost(host),
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What went wrong in the handshake, in words that name the setting to look at. */
export function handshakeFault(host: HostSpec, error: Error): BackupError {
  if (error instanceof BackupError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const [reason, hint] = handshakeReason(code, words) ?? [
    reasonText(error),
    "look into the server's log for its side of it",
  ];
  return tlsFault(host, reason, hint, error);
}

const words = {
  roots: "sslrootcert (--ssl-ca)",
  versions: "ssl_min_protocol_version and ssl_max_protocol_version on both sides",
  reset: "check the TLS versions that both sides allow; sslnegotiation=direct needs PostgreSQL 17 or newer",
};
