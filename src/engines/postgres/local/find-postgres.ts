import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { BackupError } from "../../../core/backup-error.ts";
import type { ListedServer, ServerCandidate, ServerFinder } from "../../../ports/server-finder.ts";
import { PgConnection } from "../../../wire/postgres/connection.ts";
import { resolveConnection } from "../../../wire/postgres/conninfo/resolve-connection.ts";
import { isListening } from "../../common/listening.ts";

/** Where Debian and Red Hat put sockets, and PostgreSQL's own builds. */
const socketFolders = ["/var/run/postgresql", "/run/postgresql", "/tmp"];
const DEFAULT_PORT = 5432;
const settings = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"];
/** `pg_read_all_data` came with it. */
const READ_ALL_MAJOR = 14;

/** Looks for PostgreSQL servers of this machine. */
export const postgresFinder: ServerFinder = {
  usualUser: "postgres",
  async candidates(environment) {
    const sockets = await socketCandidates();
    const isOnSocket = sockets.some(({ connection }) => connection.port === DEFAULT_PORT);
    const overTcp = !isOnSocket && (await isListening(DEFAULT_PORT));
    return [
      ...settingsOf(environment),
      ...(await services(environment)),
      ...sockets,
      ...(overTcp ? [tcpCandidate] : []),
    ];
  },
  list,
  backupRole: (database, { major }) => [
    "CREATE ROLE dbbackup LOGIN PASSWORD 'choose one';",
    `GRANT CONNECT ON DATABASE ${quoted(database)} TO dbbackup;`,
    ...(major >= READ_ALL_MAJOR
      ? ["GRANT pg_read_all_data TO dbbackup;"]
      : [
          "-- in this database, for each of its schemas, and again for tables that come later:",
          "GRANT USAGE ON SCHEMA public TO dbbackup;",
          "GRANT SELECT ON ALL TABLES IN SCHEMA public TO dbbackup;",
          "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO dbbackup;",
        ]),
    "-- only where tables have row security: ALTER ROLE dbbackup BYPASSRLS;",
    "-- only where there are large objects: GRANT SELECT ON LARGE OBJECT ... TO dbbackup;",
  ],
};

const tcpCandidate: ServerCandidate = {
  title: `127.0.0.1, port ${DEFAULT_PORT}`,
  connection: { dbType: "postgres", host: "127.0.0.1", port: DEFAULT_PORT },
};

function settingsOf(environment: Readonly<Record<string, string | undefined>>): ServerCandidate[] {
  const said = settings.filter((name) => environment[name]);
  return said.length === 0 ? [] : [{ title: `as ${said.join(", ")} say`, connection: { dbType: "postgres" } }];
}

/** Of the user's own service file; those of the system are for whoever names them. */
async function services(environment: Readonly<Record<string, string | undefined>>): Promise<ServerCandidate[]> {
  const path = environment["PGSERVICEFILE"] ?? join(environment["HOME"] ?? homedir(), ".pg_service.conf");
  const text = await readFile(path, "utf8").catch(() => "");
  return [...text.matchAll(/^\s*\[([^\]\s]+)\]/gm)].map(([, name]) => ({
    title: `service "${name}" of ${path}`,
    connection: { dbType: "postgres", url: `service=${name}` },
  }));
}

async function socketCandidates(): Promise<ServerCandidate[]> {
  const found: ServerCandidate[] = [];
  const seen = new Set<string>();
  for (const folder of socketFolders) {
    const real = await realpath(folder).catch(() => undefined);
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    for (const name of (await readdir(real).catch(() => [])).toSorted()) {
      const port = /^\.s\.PGSQL\.(\d{1,5})$/.exec(name)?.[1];
      if (port === undefined || (await stat(join(real, name)).catch(() => undefined))?.isSocket() !== true) continue;
      found.push({
        title: `socket in ${folder}, port ${port}`,
        connection: { dbType: "postgres", socket: folder, port: Number(port) },
      });
    }
  }
  return found;
}

/** Every server has one of these. */
const loginDatabases = ["postgres", "template1"];

async function list(wish: Parameters<ServerFinder["list"]>[0], signal: AbortSignal): Promise<ListedServer> {
  for (const database of loginDatabases) {
    try {
      const spec = resolveConnection({ ...wish, database, applicationName: "dbbackup init" });
      await using connection = await PgConnection.connect(spec, { signal });
      return await listed(connection);
    } catch (error) {
      const isMissing = error instanceof BackupError && error.sqlState === "3D000";
      if (!isMissing || database === loginDatabases.at(-1)) throw error;
    }
  }
  throw new Error("no database to log in to");
}

async function listed(connection: PgConnection): Promise<ListedServer> {
  const { rows } = await connection.query(
    "SELECT datname, CASE WHEN pg_catalog.has_database_privilege(oid, 'CONNECT') " +
      "THEN pg_catalog.pg_database_size(oid) END FROM pg_catalog.pg_database " +
      "WHERE datallowconn AND NOT datistemplate ORDER BY 1",
  );
  const { host, user } = connection;
  return {
    product: `PostgreSQL ${connection.serverVersionText}`,
    major: Math.floor(connection.serverVersion / 10_000),
    address: host.kind === "unix" ? `${host.folder}:${host.port}` : `${host.host}:${host.port}`,
    user,
    databases: rows.map(([name, bytes]) => ({
      name: name!,
      ...(bytes === null || bytes === undefined ? {} : { bytes: Number(bytes) }),
    })),
  };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
