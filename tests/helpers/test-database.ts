import { randomBytes } from "node:crypto";
import { type ServerAddress, serverSql } from "./postgres-server.ts";
import type { Row } from "./simple-query.ts";

/** A database that is dropped, with whoever is connected to it, when it is disposed of. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  readonly server: ServerAddress;
  /** Logs in over TCP as superuser. */
  readonly url: string;
  /** Runs SQL as superuser. */
  sql(text: string): Promise<Row[]>;
  drop(): Promise<void>;
}

/**
 * Creates a database, of a name that no other test has unless one is given (then a leftover of that name is dropped
 * first). Nobody can be connected to template0, so that no other test can be in the way of the copy.
 * @param options SQL that follows, as `ENCODING 'LATIN1' LOCALE 'C'`
 */
export async function withDatabase(
  server: ServerAddress,
  name?: string,
  template = "template0",
  options = "",
): Promise<TestDatabase> {
  const database = name ?? `test_${randomBytes(6).toString("hex")}`;
  const drop = () => dropDatabase(server, database);
  if (name !== undefined) await drop();
  await serverSql(server, `CREATE DATABASE ${quoteIdentifier(database)} TEMPLATE ${template} ${options}`);
  return {
    name: database,
    server,
    url: databaseUrl(server, database),
    sql: (text) => serverSql(server, text, database),
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

export function databaseUrl(server: ServerAddress, database: string, user = "postgres"): string {
  return `postgres://${encodeURIComponent(user)}@127.0.0.1:${server.port}/${encodeURIComponent(database)}`;
}

/** Drops a database that may exist. Before 13 there was no FORCE: those connected are sent away first. */
export async function dropDatabase(server: ServerAddress, name: string): Promise<void> {
  if (server.major >= 13) {
    const drop = `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`;
    await serverSql(server, drop).catch(async () => {
      await dropSubscriptions(server, name);
      await serverSql(server, drop);
    });
    return;
  }
  await dropSubscriptions(server, name);
  await serverSql(
    server,
    `UPDATE pg_database SET datallowconn = false WHERE datname = ${quoteLiteral(name)};
     SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${quoteLiteral(name)}`,
  );
  await serverSql(server, `DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`);
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteLiteral(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A database with subscriptions cannot be dropped. Ours have no slot anywhere. */
async function dropSubscriptions(server: ServerAddress, name: string): Promise<void> {
  const found = await serverSql(
    server,
    `SELECT s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = ${quoteLiteral(name)}`,
  );
  for (const { subname } of found) {
    const subscription = quoteIdentifier(subname!);
    await serverSql(server, `ALTER SUBSCRIPTION ${subscription} DISABLE`, name);
    await serverSql(server, `ALTER SUBSCRIPTION ${subscription} SET (slot_name = NONE)`, name);
    await serverSql(server, `DROP SUBSCRIPTION ${subscription}`, name);
  }
}
