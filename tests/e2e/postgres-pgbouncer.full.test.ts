import { expect, test } from "vitest";
import { PgConnection } from "../../src/wire/postgres/connection.ts";
import { resolveConnection } from "../../src/wire/postgres/conninfo/resolve-connection.ts";
import { identifyServer, type ServerIdentity } from "../../src/wire/postgres/identify-server.ts";
import { startPgBouncer } from "../helpers/pgbouncer.ts";
import { sharedServer } from "../helpers/shared-servers.ts";

async function identify(port: number, database: string): Promise<ServerIdentity> {
  const spec = resolveConnection({
    url: `host=127.0.0.1 port=${port} user=postgres dbname=${database} sslmode=disable`,
  });
  await using connection = await PgConnection.connect(spec);
  return await identifyServer(connection, spec);
}

test.each([1, 5])("PgBouncer with pools of %i: only session mode is accepted", async (poolSize) => {
  const { port } = await sharedServer(18);
  await using bouncer = await startPgBouncer(port, poolSize);
  for (const database of ["transaction", "statement"]) {
    await expect(identify(bouncer.port, database), database).rejects.toMatchObject({
      code: "UNSUPPORTED_SERVER",
      message: expect.stringContaining("pooler in transaction mode"),
    });
  }
  expect(await identify(bouncer.port, "session")).toMatchObject({ pooling: "session" });
  await expect(identify(bouncer.port, "pgbouncer")).rejects.toThrow(/admin console of PgBouncer/);
});
