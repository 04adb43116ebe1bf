/** What the settings are called where a handshake failed. */
export interface HandshakeWords {
  /** The setting that names trusted authorities. */
  readonly roots: string;
  /** Where TLS versions are allowed. */
  readonly versions: string;
  /** What to do when the server ends the connection without a word. */
  readonly reset: string;
}

/** What Node's code for a failed handshake means, and what to do: `[reason, hint]`. Undefined for a code without words. */
export function handshakeReason(
  code: string,
  { roots, versions, reset }: HandshakeWords,
): readonly [reason: string, hint: string] | undefined {
  const otherRoot = `check ${roots}: it must hold the authority that signed the server's certificate`;
  const list =
    "get a current list from the authority that signed the server's certificate, for every authority in the chain";
  switch (code) {
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return ["the server's certificate is not signed by a trusted authority", otherRoot];
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
      return ["the server's certificate signs itself and is not trusted", otherRoot];
    case "UNABLE_TO_GET_ISSUER_CERT":
      return ["an authority in the server's chain is not known", otherRoot];
    case "CERT_SIGNATURE_FAILURE":
      return ["the signature of the server's certificate is wrong", otherRoot];
    case "CERT_HAS_EXPIRED":
      return ["the server's certificate has expired", "renew it on the server"];
    case "CERT_NOT_YET_VALID":
      return ["the server's certificate is not valid yet", "check the clocks of both machines"];
    case "CERT_REVOKED":
      return ["the server's certificate is revoked", "give the server a new certificate"];
    case "UNABLE_TO_GET_CRL":
      return ["there is no revocation list for an authority in the server's chain", list];
    case "CRL_HAS_EXPIRED":
      return ["the revocation list has expired", list];
    case "CRL_NOT_YET_VALID":
      return ["the revocation list is not valid yet", "check the clock of this machine"];
    case "CRL_SIGNATURE_FAILURE":
      return ["the signature of the revocation list is wrong", list];
    case "ECONNRESET":
      return ["the server ended the connection during the handshake", reset];
    case "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION":
    case "ERR_SSL_UNSUPPORTED_PROTOCOL":
      return ["the server does not speak a TLS version that we allow", `check ${versions}`];
    default:
      return undefined;
  }
}
