import type { DatabaseType } from "../core/database-type.ts";

/**
 * Which server to log in to, as far as it was said on the command line. What is missing is read as the server's own
 * clients read it: environment variables, password and service files, then their defaults.
 */
export interface ConnectionRequest {
  /** The kind of server. Default: what the scheme of `url` says, else PostgreSQL. */
  readonly dbType?: DatabaseType;
  /**
   * `postgres://user@host:port/database?keyword=value`, or `keyword=value` pairs; `mysql://` and `mariadb://` with the
   * names of their clients' options behind the question mark.
   */
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  /** File with nothing but the password. */
  readonly passwordFile?: string;
  /** Where in Vault `password` was read, for those who write a configuration. */
  readonly passwordVault?: string;
  /** The Unix socket, or for PostgreSQL its folder. */
  readonly socket?: string;
  /** libpq's words: `disable` ... `verify-full`. */
  readonly sslMode?: string;
  readonly sslCa?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
  /** The database to log in to; wins over the one in `url`. */
  readonly database?: string;
  readonly applicationName?: string;
  /** What only MySQL and MariaDB know. */
  readonly mysql?: MysqlConnectionOptions;
}

/** As the options of MySQL's and MariaDB's clients of these names. */
export interface MysqlConnectionOptions {
  /** Only this option file. */
  readonly defaultsFile?: string;
  /** This option file too, before the user's own. */
  readonly defaultsExtraFile?: string;
  /** Groups with this at their end are read too. */
  readonly defaultsGroupSuffix?: string;
  readonly noDefaults?: boolean;
  readonly sslCapath?: string;
  readonly sslCrl?: string;
  readonly sslCipher?: string;
  readonly tlsVersion?: string;
  /** PEM file with the server's RSA key. */
  readonly serverPublicKeyPath?: string;
  /** Believe whatever key the server sends. */
  readonly getServerPublicKey?: boolean;
  /** Send the password itself to a server that proved who it is. */
  readonly enableCleartextPlugin?: boolean;
}
