import { realpath, stat } from "node:fs/promises";
import type { ServerCandidate, ServerFinder } from "../../../ports/server-finder.ts";
import { describeHost } from "../../../wire/mysql/connection-spec.ts";
import { resolveMysqlConnection } from "../../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { identifyMysql } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { isListening } from "../../common/listening.ts";

/** Where distributions put the socket, and the servers' own builds. */
const sockets = [
  "/var/run/mysqld/mysqld.sock",
  "/run/mysqld/mysqld.sock",
  "/var/lib/mysql/mysql.sock",
  "/tmp/mysql.sock",
];
const DEFAULT_PORT = 3306;
const settings = ["MYSQL_HOST", "MYSQL_TCP_PORT", "MYSQL_UNIX_PORT"];
const ofServers = "'information_schema', 'performance_schema', 'mysql', 'sys', 'ndbinfo'";

/** Looks for servers of MySQL and MariaDB of this machine. */
export const mysqlFinder: ServerFinder = {
  usualUser: "root",
  async candidates(environment) {
    const said = settings.filter((name) => environment[name]);
    const found: ServerCandidate[] =
      said.length === 0 ? [] : [{ title: `as ${said.join(", ")} say`, connection: { dbType: "mysql" } }];
    const onSockets = await socketCandidates();
    found.push(...onSockets);
    if (onSockets.length === 0 && (await isListening(DEFAULT_PORT))) {
      const connection = { dbType: "mysql", host: "127.0.0.1", port: DEFAULT_PORT } as const;
      found.push({ title: `127.0.0.1, port ${DEFAULT_PORT}`, connection });
    }
    return found;
  },
  async list(wish, signal) {
    const spec = await resolveMysqlConnection({ ...wish, applicationName: "dbbackup init" });
    await using connection = await openMysqlSession(spec, { signal });
    const { flavour, versionText } = await identifyMysql(connection);
    const rows = await connection.rows(
      "SELECT s.SCHEMA_NAME AS name, COALESCE(SUM(t.DATA_LENGTH + t.INDEX_LENGTH), 0) AS bytes " +
        "FROM information_schema.SCHEMATA s LEFT JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = s.SCHEMA_NAME " +
        `WHERE LOWER(s.SCHEMA_NAME) NOT IN (${ofServers}) AND s.SCHEMA_NAME NOT LIKE '#mysql50#%' ` +
        "GROUP BY s.SCHEMA_NAME ORDER BY 1",
    );
    return {
      product: `${flavour === "mariadb" ? "MariaDB" : "MySQL"} ${versionText}`,
      major: Number.parseInt(versionText, 10),
      address: describeHost(spec.host),
      user: spec.user,
      databases: rows.map(({ name, bytes }) => ({ name: name!, bytes: Number(bytes) })),
    };
  },
  backupRole: (database, { product }) => [
    "CREATE USER dbbackup@localhost IDENTIFIED BY 'choose one';",
    `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON ${quoted(database)}.* TO dbbackup@localhost;`,
    `GRANT RELOAD, ${monitoring(product)} ON *.* TO dbbackup@localhost;`,
    "-- for the text of procedures and functions:",
    ...routines(product),
  ],
};

async function socketCandidates(): Promise<ServerCandidate[]> {
  const found = new Map<string, ServerCandidate>();
  for (const socket of sockets) {
    const real = await realpath(socket).catch(() => undefined);
    if (real === undefined || found.has(real) || (await stat(real)).isSocket() !== true) continue;
    found.set(real, { title: `socket ${socket}`, connection: { dbType: "mysql", socket } });
  }
  return [...found.values()];
}

/** MariaDB understands the old word, too. */
function monitoring(product: string): string {
  return product.startsWith("MariaDB") ? "BINLOG MONITOR" : "REPLICATION CLIENT";
}

function routines(product: string): string[] {
  const hasOwnRight = product.startsWith("MySQL") && Number.parseInt(product.slice("MySQL ".length), 10) >= 8;
  return [
    hasOwnRight
      ? "GRANT SHOW_ROUTINE ON *.* TO dbbackup@localhost;"
      : "GRANT SELECT ON mysql.proc TO dbbackup@localhost;",
  ];
}

function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
