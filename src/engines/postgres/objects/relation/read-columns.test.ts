import { expect, test } from "vitest";
import { compareTestDatabases } from "../../../../../tests/helpers/compare-test-databases.ts";
import { dumpToMemory } from "../../../../../tests/helpers/dump-to-memory.ts";
import { sharedServer } from "../../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../../tests/helpers/test-database.ts";

test("what the server itself keeps among the options of a column is not dumped, and no difference", async () => {
  const server = await sharedServer(15);
  await using database = await withDatabase(server);
  await database.sql("CREATE TABLE t (a int, b int, c int); ALTER TABLE t ALTER b SET (n_distinct = 5)");
  await using same = await withDatabase(server);
  await same.sql("CREATE TABLE t (a int, b int, c int); ALTER TABLE t ALTER b SET (n_distinct = 5)");
  // As servers from the minor versions of autumn 2026 on have it.
  await database.sql(`SET allow_system_table_mods = on; UPDATE pg_attribute
    SET attoptions = ARRAY['pg_attver=24338736'] || COALESCE(attoptions, '{}')
    WHERE attrelid = 't'::regclass AND attnum IN (1, 2)`);
  const script = (await dumpToMemory(server, database.name, { format: "plain" })).bytes.toString();
  expect(script.match(/^ALTER TABLE .* SET \(.*$/gm)).toEqual([
    "ALTER TABLE ONLY public.t ALTER COLUMN b SET (n_distinct=5);",
  ]);
  expect((await compareTestDatabases(database, same)).schemaDifferences).toEqual([]);
});
