import { BackupError } from "../../../core/backup-error.ts";
import { reasonText } from "../connection-faults.ts";
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
  const known = Object.hasOwn(knownFaults, code) ? knownFaults[code] : undefined;
  const [reason, hint] = known ?? [reasonText(error), "look into the server's log for its side of it"];
  return tlsFault(host, reason, hint, error);
}

const otherRoot = "check sslrootcert (--ssl-ca): it must hold the authority that signed the server's certificate";
const listHint =
  "get a current list from the authority that signed the server's certificate, for every authority in the chain";

const knownFaults: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  SELF_SIGNED_CERT_IN_CHAIN: ["the server's certificate is not signed by a trusted authority", otherRoot],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["the server's certificate signs itself and is not trusted", otherRoot],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["the server's certificate is not signed by a trusted authority", otherRoot],
  UNABLE_TO_GET_ISSUER_CERT: ["an authority in the server's chain is not known", otherRoot],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["the server's certificate is not signed by a trusted authority", otherRoot],
  CERT_SIGNATURE_FAILURE: ["the signature of the server's certificate is wrong", otherRoot],
  CERT_HAS_EXPIRED: ["the server's certificate has expired", "renew it on the server"],
  CERT_NOT_YET_VALID: ["the server's certificate is not valid yet", "check the clocks of both machines"],
  CERT_REVOKED: ["the server's certificate is revoked", "give the server a new certificate"],
  UNABLE_TO_GET_CRL: ["there is no revocation list for an authority in the server's chain", listHint],
  CRL_HAS_EXPIRED: ["the revocation list has expired", listHint],
  CRL_NOT_YET_VALID: ["the revocation list is not valid yet", "check the clock of this machine"],
  CRL_SIGNATURE_FAILURE: ["the signature of the revocation list is wrong", listHint],
  ECONNRESET: [
    "the server ended the connection during the handshake",
    "check the TLS versions that both sides allow; sslnegotiation=direct needs PostgreSQL 17 or newer",
  ],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: [
    "the server does not speak a TLS version that we allow",
    "check ssl_min_protocol_version and ssl_max_protocol_version on both sides",
  ],
  ERR_SSL_UNSUPPORTED_PROTOCOL: [
    "the server does not speak a TLS version that we allow",
    "check ssl_min_protocol_version and ssl_max_protocol_version on both sides",
  ],
};
