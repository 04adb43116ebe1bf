import { describe, expect, test } from "vitest";
import { connectTo, dumpToMemory } from "../../../../tests/helpers/dump-to-memory.ts";
import { loadZoo } from "../../../../tests/helpers/load-zoo.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../../../../tests/helpers/test-database.ts";

/** What pg_get_expr, pg_get_indexdef and pg_get_constraintdef lock the table for. */
const expressions = `CREATE TABLE t (a int CHECK (a > 1), b int GENERATED ALWAYS AS (a + 1) STORED);
  CREATE INDEX ON t ((a + 1)) WHERE a > 2; CREATE TABLE u (a int)`;

async function dumped(
  { server, name }: TestDatabase,
  options: { readonly secondReaderFrom?: number; readonly onConnect?: () => void | Promise<void> } = {},
): Promise<Buffer> {
  const { bytes } = await dumpToMemory(server, name, { jobs: 2, ...options });
  return bytes;
}

describe("catalogues read over two connections", () => {
  test("make the same dump", async () => {
    await using database = await loadZoo(await sharedServer(18));
    let connections = 0;
    const count = () => {
      connections += 1;
    };
    const one = await dumped(database, { onConnect: count });
    const usual = connections;
    const two = await dumped(database, { secondReaderFrom: 1, onConnect: count });
    expect(connections).toBe(usual * 2 + 1);
    expect(two.equals(one)).toBe(true);
  });

  test("make the same dump when there is no second connection", async () => {
    await using database = await withDatabase(await sharedServer(18));
    await database.sql(expressions);
    let connections = 0;
    const refuse = () => {
      connections += 1;
      if (connections === 2) throw new Error("too many connections");
    };
    const dump = await dumped(database, { secondReaderFrom: 1, onConnect: refuse });
    expect(connections).toBe(2);
    expect(dump.equals(await dumped(database))).toBe(true);
  });

  test("do not wait for somebody who waits for the dump's end", async () => {
    await using database = await withDatabase(await sharedServer(18));
    await database.sql(expressions);
    const expected = await dumped(database);
    await using other = await connectTo(database.server, database.name);
    let altered: Promise<unknown> | undefined;
    let connections = 0;
    const alter = async () => {
      connections += 1;
      if (connections !== 2) return;
      // The second connection is opened while the first takes its locks.
      const locked =
        "SELECT 1 AS x FROM pg_locks WHERE relation = 't'::regclass AND mode = 'AccessShareLock' AND granted";
      await expect.poll(() => database.sql(locked)).toHaveLength(1);
      altered = other.query("ALTER TABLE t ADD COLUMN late int");
      const waiting = "SELECT 1 AS x FROM pg_locks WHERE relation = 't'::regclass AND NOT granted";
      await expect.poll(() => database.sql(waiting)).toHaveLength(1);
    };
    const dump = await dumped(database, { secondReaderFrom: 1, onConnect: alter });
    await altered;
    expect(connections).toBeGreaterThanOrEqual(2);
    expect(dump.equals(expected)).toBe(true);
  });
});
