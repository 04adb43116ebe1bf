import type { MysqlServerFacts } from "../../../../wire/mysql/identify-server.ts";
import type { MysqlFlavourName } from "../../../../wire/mysql/server-capabilities.ts";

/** What a server takes of statements about accounts. */
export interface AccountsDialect {
  readonly flavour: MysqlFlavourName;
  /** Roles are names of their own (MariaDB), accounts as all others (MySQL), or there are none. */
  readonly roles: "names" | "accounts" | "none";
  /** `PUBLIC`, the role of everybody. */
  readonly hasPublic: boolean;
  /** Characters of a user's or role's name. */
  readonly maxNameLength: number;
  /** `IDENTIFIED VIA a OR b`: any of several plugins is enough. */
  readonly choosesPlugins: boolean;
  /** Settings of accounts that not every server has, as {@link settingsOf} names them. */
  readonly settings: ReadonlySet<string>;
  /** `ACCOUNT LOCK`. */
  readonly locksAccounts: boolean;
  /** Rights may be taken away on one database, if `partial_revokes` says so. */
  readonly hasPartialRevokes: boolean;
  /** Objects besides tables on which there are rights, and that not every server has. */
  readonly objectKinds: ReadonlySet<string>;
  /** SUPER no longer allows what rights with names of their own do. */
  readonly superIsDivided: boolean;
}

/** What a server takes of accounts, by flavour and version: the one place that knows. */
export function accountsDialect({ flavour, version, capabilities }: MysqlServerFacts): AccountsDialect {
  const mysql = (since: number): boolean => flavour === "mysql" && version >= since;
  const mariadb = (since: number): boolean => flavour === "mariadb" && version >= since;
  const isMariadb = flavour === "mariadb";
  return {
    flavour,
    roles: capabilities.roles ? (isMariadb ? "names" : "accounts") : "none",
    hasPublic: mariadb(101_100),
    maxNameLength: isMariadb ? 128 : mysql(50_708) ? 32 : 16,
    choosesPlugins: mariadb(100_400),
    settings: new Set([
      ...(isMariadb ? ["MAX_STATEMENT_TIME", "MAX_USER_CONNECTIONS -1"] : []),
      ...(mariadb(100_403) || mysql(50_706) ? ["PASSWORD EXPIRE", "ACCOUNT LOCK"] : []),
      ...(mysql(80_003) ? ["PASSWORD HISTORY", "PASSWORD REUSE"] : []),
      ...(mysql(80_013) ? ["PASSWORD REQUIRE"] : []),
      ...(mysql(80_019) ? ["FAILED_LOGIN_ATTEMPTS", "PASSWORD_LOCK_TIME"] : []),
      ...(mysql(80_021) ? ["COMMENT", "ATTRIBUTE"] : []),
    ]),
    locksAccounts: isMariadb ? version >= 100_402 : version >= 50_706,
    hasPartialRevokes: mysql(80_016),
    objectKinds: new Set([
      ...(capabilities.packages ? ["PACKAGE", "PACKAGE BODY"] : []),
      ...(capabilities.libraries ? ["LIBRARY"] : []),
    ]),
    superIsDivided: superIsDivided(flavour, version),
  };
}

/** MariaDB took from SUPER what has a name of its own. MySQL keeps it in SUPER, too. */
export function superIsDivided(flavour: MysqlFlavourName, version: number): boolean {
  return flavour === "mariadb" && version >= 101_100;
}
