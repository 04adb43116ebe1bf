import { shopScript } from "../../src/demo/shop/shop-script.ts";
import { compareDatabases } from "../../src/engines/postgres/compare/compare-databases.ts";
import type { CompareRequest, Comparison } from "../../src/ports/comparison.ts";
import { PgConnection } from "../../src/wire/postgres/connection.ts";
import { type ConnectionSpec, connectionSpec } from "../../src/wire/postgres/connection-spec.ts";
import { type ServerAddress, serverSql } from "./postgres-server.ts";
import type { TestDatabase } from "./test-database.ts";

/** Logs in over the socket, where everybody is trusted. */
export function specOf({ server, name }: Pick<TestDatabase, "server" | "name">, user = "postgres"): ConnectionSpec {
  return connectionSpec({
    hosts: [{ kind: "unix", folder: server.socketDirectory, port: server.port, password: undefined }],
    user,
    database: name,
  });
}

const limits = { schemaDifferences: 1000, dataDifferences: 1000, sampleRows: 5 };

/** What our own comparison says about two databases. */
export function compareTestDatabases(
  left: TestDatabase,
  right: TestDatabase,
  request: Partial<CompareRequest> = {},
  user?: string,
): Promise<Comparison> {
  return compareDatabases(
    { left: specOf(left, user), right: specOf(right, user) },
    { schemaOnly: false, limits, jobs: 1, ...request },
    { progress: { emit: () => {} }, signal: new AbortController().signal },
  );
}

/** The demo's shop: objects of every kind. `withRows: false` leaves its tables empty. */
export async function loadShopInto(database: TestDatabase, { withRows = true } = {}): Promise<void> {
  const steps = shopScript(database.server.major).filter(({ name }) => withRows || !/^(data|generators)/.test(name));
  await using session = await PgConnection.connect(specOf(database));
  if (!withRows) await session.query("select lo_from_bytea(700000 + i, 'manual') from generate_series(1, 40) as i");
  // One session for all: a step may set the role for those after it.
  for (const { sql } of steps) await session.query(sql);
}

/** The roles that the shop needs, on a server where it is to be restored. */
export async function createShopRoles(server: ServerAddress): Promise<void> {
  await serverSql(server, shopScript(server.major)[0]!.sql, "postgres");
}
