import { homedir, userInfo } from "node:os";

/** What the machine and the user's account contribute to a connection. */
export interface MysqlEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Where `.my.cnf` is looked for. */
  readonly homeFolder: string;
  readonly userName: string;
  /** Where servers make their Unix sockets when not told otherwise. */
  readonly socketPaths: readonly string[];
  /** Option files for all users, in the order in which they are read. */
  readonly systemFiles: readonly string[];
}

/** Debian, Red Hat, and the programs' own default. */
const socketPaths = ["/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock"];
const systemFiles = ["/etc/my.cnf", "/etc/mysql/my.cnf"];

export function systemMysqlEnvironment(): MysqlEnvironment {
  return { variables: process.env, homeFolder: homedir(), userName: accountName(), socketPaths, systemFiles };
}

/** A process may run under a user id that has no name (a container). */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? process.env.LOGNAME ?? "";
  }
}
