import type { OpenSqlSession } from "../ports/sql-session.ts";
import { PgConnection } from "../wire/postgres/connection.ts";
import { connectionSpec } from "../wire/postgres/connection-spec.ts";

export const openSqlSession: OpenSqlSession = async ({ socketFolder, port, user }, database, signal) => {
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
