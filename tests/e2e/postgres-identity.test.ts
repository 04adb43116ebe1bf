import { describe, expect, test } from "vitest";
import { PgConnection } from "../../src/wire/postgres/connection.ts";
import { resolveConnection } from "../../src/wire/postgres/conninfo/resolve-connection.ts";
import { identifyServer, type ServerIdentity } from "../../src/wire/postgres/identify-server.ts";
import { startOtherProduct } from "../helpers/scripted-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { TransactionPooler } from "../helpers/transaction-pooler.ts";

async function identify(port: number): Promise<ServerIdentity> {
  const spec = resolveConnection({ url: `host=127.0.0.1 port=${port} user=postgres dbname=postgres sslmode=disable` });
  await using connection = await PgConnection.connect(spec);
  return await identifyServer(connection, spec);
}

test.each([10, 18] as const)("PostgreSQL %i is what it says", async (major) => {
  const { port } = await sharedServer(major);
  expect(await identify(port)).toMatchObject({
    version: expect.toSatisfy((version: number) => Math.floor(version / 10_000) === major),
    description: expect.stringMatching(new RegExp(`^PostgreSQL ${major}\\.`)),
    pooling: "none",
  });
});

describe("a pooler", () => {
  test.each([1, 3])("in transaction mode with %i servers is refused", async (poolSize) => {
    const { port } = await sharedServer(18);
    await using pooler = await TransactionPooler.start(port, { poolSize, mode: "transaction" });
    await expect(identify(pooler.port)).rejects.toMatchObject({
      code: "UNSUPPORTED_SERVER",
      message: expect.stringContaining("a connection pooler in transaction mode"),
    });
  });

  test("in session mode is said", async () => {
    const { port } = await sharedServer(18);
    await using pooler = await TransactionPooler.start(port, { poolSize: 3, mode: "session" });
    expect(await identify(pooler.port)).toMatchObject({ pooling: "session" });
  });
});

describe("what is not PostgreSQL is refused by name", () => {
  test.each<[name: string, parameters: Record<string, string>, version: string]>([
    [
      "Amazon Redshift",
      { server_version: "8.0.2" },
      "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.77467",
    ],
    ["CockroachDB", { server_version: "13.0.0", crdb_version: "CockroachDB CCL v24.1.0" }, "CockroachDB CCL v24.1.0"],
    ["CockroachDB", { server_version: "13.0.0" }, "CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu)"],
    ["YugabyteDB", { server_version: "11.2-YB-2.20.0.0-b0" }, "PostgreSQL 11.2-YB-2.20.0.0-b0 on x86_64-pc-linux-gnu"],
    [
      "Greenplum",
      { server_version: "12.12" },
      "PostgreSQL 12.12 (Greenplum Database 7.0.0 build) on x86_64-pc-linux-gnu",
    ],
    [
      "EDB Postgres Advanced Server",
      { server_version: "15.4.0" },
      "PostgreSQL 15.4 (EnterpriseDB Advanced Server 15.4.0) on x86_64",
    ],
    ["Amazon Aurora DSQL", { server_version: "16.9" }, "PostgreSQL 16"],
    ["the admin console of PgBouncer", { server_version: "1.22.0/bouncer" }, ""],
    ['"SomethingDB 7"', { server_version: "14.0" }, "SomethingDB 7"],
  ])("%s", async (name, parameters, version) => {
    await using other = await startOtherProduct(parameters, (sql) => {
      if (sql.includes("version()")) return version;
      if (sql.includes("iam_pg_role_mappings"))
        return name === "Amazon Aurora DSQL" ? "sys.iam_pg_role_mappings" : null;
      return "1";
    });
    await expect(identify(other.port)).rejects.toMatchObject({
      code: "UNSUPPORTED_SERVER",
      message: expect.stringContaining(`is ${name}, not PostgreSQL`),
    });
  });

  test.each([
    ["9.6.24", /is PostgreSQL 9\.6\.24; 10 to 18 are supported/],
    ["19beta1", /is PostgreSQL 19beta1; 10 to 18 are supported/],
  ])("PostgreSQL %s", async (version, expected) => {
    await using other = await startOtherProduct({ server_version: version }, (sql) =>
      sql.includes("version()") ? `PostgreSQL ${version} on x86_64` : null,
    );
    await expect(identify(other.port)).rejects.toThrow(expected);
  });
});
