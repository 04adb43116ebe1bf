import { BackupError } from "./backup-error.ts";

/** What a user calls a server. MySQL and MariaDB are read alike: the server itself says which of both it is. */
export const databaseTypes = ["postgres", "mysql", "mariadb"] as const;

export type DatabaseType = (typeof databaseTypes)[number];

/** What knows how to back up and restore: MySQL and MariaDB have one. */
export type EngineFamily = "postgres" | "mysql";

/** What is said of the kind of server where a backup is read, which says its own kind. */
export interface NamedFamily {
  /** What the server is: a backup of another kind is refused. */
  readonly asked?: EngineFamily;
  /** What counts where the backup itself does not tell. */
  readonly usual?: EngineFamily;
}

export const shownFamily: Readonly<Record<EngineFamily, string>> = {
  postgres: "PostgreSQL",
  mysql: "MySQL and MariaDB",
};

export const shownType: Readonly<Record<DatabaseType, string>> = {
  postgres: "PostgreSQL",
  mysql: "MySQL",
  mariadb: "MariaDB",
};

export function familyOf(type: DatabaseType): EngineFamily {
  return type === "postgres" ? "postgres" : "mysql";
}

/** What a URL's scheme names; libpq's `keyword=value` pairs are PostgreSQL's. Undefined for anything else. */
export function typeOfUrl(url: string): DatabaseType | undefined {
  if (/^postgres(ql)?:\/\//.test(url)) return "postgres";
  if (url.startsWith("mysql://")) return "mysql";
  if (url.startsWith("mariadb://")) return "mariadb";
  return /^[^:/]*=/.test(url) ? "postgres" : undefined;
}

/**
 * Which engine a connection needs, as far as it says so.
 * @throws BackupError USAGE when type and URL contradict each other
 */
export function familyOfConnection(connection: {
  readonly dbType?: DatabaseType;
  readonly url?: string;
}): EngineFamily | undefined {
  const { dbType, url } = connection;
  const ofUrl = url === undefined ? undefined : typeOfUrl(url);
  if (dbType !== undefined && ofUrl !== undefined && familyOf(dbType) !== familyOf(ofUrl)) {
    throw new BackupError({
      code: "USAGE",
      message: `"--db-type ${dbType}" contradicts the URL, which names a server of ${shownFamily[familyOf(ofUrl)]}`,
      hint: "leave out --db-type: the URL says it",
    });
  }
  const type = dbType ?? ofUrl;
  return type === undefined ? undefined : familyOf(type);
}

/** Whose server a backup is of, as its metadata say it. */
export function typeOfBackup(recorded: string | undefined): DatabaseType {
  return recorded === "mysql" || recorded === "mariadb" ? recorded : "postgres";
}
