import { describe, expect, test } from "vitest";
import { createPostgresDumper } from "../../src/engines/postgres/postgres-dumper.ts";
import { codec } from "../helpers/codec.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { LockStepRelay } from "../helpers/lock-step-relay.ts";
import { memorySink } from "../helpers/memory-object.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";

interface Waits {
  /** From the first connection to the first row of data. */
  readonly catalog: number;
  readonly whole: number;
}

/** How often a dump waits for its server, as users run it, from login to logout. */
async function waitsOfDump(server: ServerAddress, database: string): Promise<Waits> {
  await using relay = await LockStepRelay.start(server.port);
  const { sink } = memorySink();
  let catalog = 0;
  await createPostgresDumper({ dumperVersion: "test" }).dump(
    {
      connection: { url: `postgres://postgres@127.0.0.1:${relay.port}/postgres?sslmode=disable` },
      database,
      format: "custom",
      compression: { method: "none", level: 0 },
      jobs: 1,
      applicationName: "test",
    },
    { kind: "file", sink, openSpool: () => Promise.reject(new Error("not asked for")) },
    {
      codec,
      progress: {
        emit: (event) => {
          if (event.event === "phase" && event.phase === "data") catalog = relay.turns;
        },
      },
      signal: new AbortController().signal,
      startedAt: new Date("2026-01-02T03:04:05Z"),
    },
  );
  return { catalog, whole: relay.turns };
}

/** Tables with all that usually hangs on one, and functions. */
function manyObjects(count: number): string {
  return `DO $$ BEGIN FOR i IN 1..${count} LOOP EXECUTE format('
    CREATE TABLE t%1$s (id serial PRIMARY KEY, parent int REFERENCES t1, name text CHECK (name > ''''), UNIQUE (name));
    CREATE VIEW v%1$s AS SELECT * FROM t%1$s;
    CREATE FUNCTION f%1$s() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NEW; END'';
    CREATE TRIGGER x BEFORE INSERT ON t%1$s FOR EACH ROW EXECUTE PROCEDURE f%1$s();
    COMMENT ON TABLE t%1$s IS ''one'';
    GRANT SELECT (id) ON t%1$s TO PUBLIC;
    INSERT INTO t%1$s (id, name) VALUES (1, ''x'')', i); END LOOP; END $$`;
}

describe.each([10, 18] as const)("waits for a server of PostgreSQL %i", (major) => {
  test("are few for a database of all kinds of objects", async () => {
    const server = await sharedServer(major);
    await using database = await loadZoo(server);
    const { catalog } = await waitsOfDump(server, database.name);
    expect(catalog).toBeLessThanOrEqual(10);
  });

  test("are as many for 300 tables, sequences, views and functions as for one", async () => {
    const server = await sharedServer(major);
    await using one = await withDatabase(server);
    await one.sql(manyObjects(1));
    await using many = await withDatabase(server);
    await many.sql(manyObjects(300));
    const few = await waitsOfDump(server, one.name);
    const lots = await waitsOfDump(server, many.name);
    // A busy machine may take a pause of the client for a wait.
    expect(lots.catalog).toBeLessThanOrEqual(few.catalog + 1);
    // Rows are asked for table by table, many tables ahead.
    expect(lots.whole - few.whole).toBeLessThanOrEqual(10);
  });
});
