/** What is known about the channel a login runs over. */
export interface ChannelSecurity {
  readonly kind: "tcp" | "unix" | "tls";
  /** The peer's address is one of this machine. */
  readonly isLoopback: boolean;
  /** For TLS: the certificate was checked against trusted roots and the host's name. */
  readonly isVerified: boolean;
  /** For TLS: the server's certificate (DER), to bind the login to it. */
  readonly certificate: Buffer | undefined;
}
