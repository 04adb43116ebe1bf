import { expect, test } from "vitest";
import { connectTo } from "../../../../tests/helpers/dump-to-memory.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../../../../tests/helpers/test-database.ts";
import { readCatalog } from "../objects/read-catalog.ts";
import { openDumpSession } from "./dump-session.ts";
import { planEntries } from "./plan-entries.ts";
import { StatisticsDefinitions } from "./statistics-definitions.ts";

/** Queries about the statistics of a database, and the length of what they became, read in the order of the archive. */
async function readAll(database: TestDatabase): Promise<{ queries: string[]; texts: string[] }> {
  await using connection = await connectTo(database.server, database.name, { text: "binary" });
  const session = await openDumpSession(connection);
  const { entries } = planEntries(await readCatalog(session, session.capabilities, { statistics: true }));
  const queries: string[] = [];
  const rows = (sql: string) => {
    queries.push(sql);
    return session.rows(sql);
  };
  const definitions = StatisticsDefinitions.of(entries, { ...session, rows })!;
  const late = entries.filter((entry) => definitions.has(entry));
  const read = definitions.read(late);
  const texts: string[] = [];
  for (const entry of late) {
    expect(entry).toMatchObject({ desc: "STATISTICS DATA", definition: null });
    texts.push(await read(entry));
  }
  return { queries, texts };
}

test("statistics are read for many relations at once, and not for all of them", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(`DO $$ BEGIN FOR i IN 1..150 LOOP
    EXECUTE format('CREATE TABLE t%s (a) AS SELECT generate_series(1, %s)', i, i);
    EXECUTE format('ANALYZE t%s', i); END LOOP; END $$`);
  const { queries, texts } = await readAll(database);
  expect(queries).toHaveLength(3);
  expect(texts).toHaveLength(150);
  for (const text of texts) {
    const rows = Number(/'relname', 't(\d+)'/.exec(text)![1]);
    expect(text).toContain(`'reltuples', '${rows}'::real`);
    expect(text).toContain(`'attname', 'a',`);
  }
});

test("wide tables are read few at a time", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(`DO $$ BEGIN FOR i IN 1..4 LOOP
    EXECUTE format('CREATE TABLE t%s (%s)', i, (SELECT string_agg('c' || c || ' int', ',') FROM generate_series(1, 600) c));
    END LOOP; END $$`);
  expect((await readAll(database)).queries).toHaveLength(4);
});

test("an entry that is asked for out of order is no end of waiting", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE a (i int); CREATE TABLE b (i int)");
  await using connection = await connectTo(database.server, database.name, { text: "binary" });
  const session = await openDumpSession(connection);
  const { entries } = planEntries(await readCatalog(session, session.capabilities, { statistics: true }));
  const definitions = StatisticsDefinitions.of(entries, session)!;
  const [a, b] = entries.filter((entry) => definitions.has(entry));
  const read = definitions.read([a!]);
  await expect(read(b!)).rejects.toThrow("out of order");
});
