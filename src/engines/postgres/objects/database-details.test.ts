import { expect, test } from "vitest";
import { stockEntries } from "../../../../tests/helpers/compare-with-stock.ts";
import { dumpToMemory } from "../../../../tests/helpers/dump-to-memory.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { readStockToc } from "../../../../tests/helpers/stock-toc.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import type { TocEntry } from "../archive/toc-entry.ts";

const said = (entries: readonly TocEntry[]): unknown[] =>
  entries
    .filter(({ tag, desc }) => tag.startsWith("DATABASE ") || desc.startsWith("DATABASE"))
    .map(({ desc, tag, section, owner, definition }) => ({ desc, tag, section, owner, definition }));

test("what is said about a database is stock pg_dump's: comment, security labels, privileges, settings", async () => {
  await using database = await withDatabase(await sharedServer(18));
  const { name } = database;
  await database.sql(`COMMENT ON DATABASE "${name}" IS 'it''s a test'; GRANT CONNECT ON DATABASE "${name}" TO pg_monitor;
    ALTER DATABASE "${name}" SET work_mem = '5MB'; ALTER DATABASE "${name}" CONNECTION LIMIT 40`);
  // Only a loaded module can give labels: here they are written where it would write them. DROP DATABASE drops them.
  await database.sql(`INSERT INTO pg_shseclabel (classoid, objoid, provider, label)
    SELECT 'pg_database'::regclass, oid, unnest('{One one,two}'::text[]), 'it''s' FROM pg_database WHERE datname = '${name}'`);
  const ours = said(readStockToc((await dumpToMemory(database.server, name)).bytes));
  expect(ours).toEqual(said(await stockEntries(database)));
  expect(ours).toHaveLength(5);
});
