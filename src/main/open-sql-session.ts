import type { OpenSqlSession, SqlSession } from "../ports/sql-session.ts";
import { PgConnection } from "../wire/postgres/connection.ts";
import { connectionSpec } from "../wire/postgres/connection-spec.ts";

export const openSqlSession: OpenSqlSession = async (server, database, signal) => {
  const { socketFolder, socketFile, port, user } = server;
  if (socketFile !== undefined) return await openMysqlSession({ socketFile, user }, database, signal);
  const spec = connectionSpec({
    hosts: [{ kind: "unix", folder: socketFolder, port, password: undefined }],
    user,
    database,
    applicationName: "dbbackup demo",
  });
  const connection = await PgConnection.connect(spec, { signal });
  return {
    serverVersion: { text: connection.serverVersionText, number: connection.serverVersion },
    query: async (sql) => (await connection.query(sql)).rows,
    [Symbol.asyncDispose]: () => connection.close(),
  };
};

async function openMysqlSession(
  { socketFile, user }: { readonly socketFile: string; readonly user: string },
  database: string,
  signal: AbortSignal,
): Promise<SqlSession> {
  const { MysqlConnection } = await import("../wire/mysql/connection.ts");
  const { mysqlConnectionSpec } = await import("../wire/mysql/connection-spec.ts");
  const { identifyMysql } = await import("../wire/mysql/identify-server.ts");
  const spec = mysqlConnectionSpec({
    host: { kind: "unix", path: socketFile },
    user,
    database: database === "" ? undefined : database,
    applicationName: "dbbackup demo",
  });
  const connection = await MysqlConnection.connect(spec, { signal });
  const { versionText, version } = await identifyMysql(connection);
  return {
    serverVersion: { text: versionText, number: version },
    query: async (sql) =>
      (await connection.query(sql)).rows.map((row) => row.map((value) => value?.toString() ?? null)),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
