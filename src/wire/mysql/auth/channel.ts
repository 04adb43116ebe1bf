/** What is known of the channel that a login runs over. */
export interface MysqlChannel {
  readonly kind: "tcp" | "unix" | "tls";
  /** For TLS: the certificate was checked against trusted roots and the host's name. */
  readonly isVerified: boolean;
}
