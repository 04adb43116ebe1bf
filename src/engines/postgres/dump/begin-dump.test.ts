import { expect, test, vi } from "vitest";
import { dumpToMemory } from "../../../../tests/helpers/dump-to-memory.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import { wholeShape } from "../../../ports/dump-shape.ts";

test("while a script of definitions is written nobody keeps a session or locks, and the result says how long the snapshot was held", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)");
  const others = () =>
    database.sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
  let writes = 0;
  const { bytes, result } = await dumpToMemory(database.server, database.name, {
    format: "plain",
    shape: { ...wholeShape, schemaOnly: true },
    onWrite: async () => {
      writes += 1;
      await vi.waitFor(async () => expect(await others()).toEqual([]), { timeout: 20_000 });
    },
  });
  expect(writes).toBeGreaterThan(0);
  expect(bytes.toString()).toContain("CREATE TABLE public.t");
  expect(result.snapshot).toMatchObject({ transactions: expect.any(Number), seconds: expect.any(Number) });
});
