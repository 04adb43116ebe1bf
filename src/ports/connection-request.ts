/**
 * Which server to log in to, as far as it was said on the command line. What is missing is read as the server's own
 * clients read it: environment variables, password and service files, then their defaults.
 */
export interface ConnectionRequest {
  /** `postgres://user@host:port/database?keyword=value`, or `keyword=value` pairs. */
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  /** File with nothing but the password. */
  readonly passwordFile?: string;
  /** Folder of the Unix socket, or the socket itself. */
  readonly socket?: string;
  /** libpq's words: `disable` ... `verify-full`. */
  readonly sslMode?: string;
  readonly sslCa?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
  /** The database to log in to; wins over the one in `url`. */
  readonly database?: string;
  readonly applicationName?: string;
}
