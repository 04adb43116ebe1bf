import { type ServerAddress, serverSql } from "./postgres-server.ts";
import { quoteIdentifier } from "./test-database.ts";

/** Roles of the whole server that are dropped when disposed of: make them before the database that they own things in. */
export interface TestRoles extends AsyncDisposable {
  /** In the order asked for, quoted for SQL. */
  readonly quoted: readonly string[];
}

/** Creates roles. Names must be no other test file's. */
export async function withRoles(server: ServerAddress, names: readonly string[]): Promise<TestRoles> {
  const quoted = names.map(quoteIdentifier);
  const drop = async (): Promise<void> => {
    await serverSql(server, `DROP ROLE IF EXISTS ${quoted.join(", ")}`);
  };
  await drop();
  for (const name of quoted) await serverSql(server, `CREATE ROLE ${name}`);
  return { quoted, [Symbol.asyncDispose]: drop };
}
