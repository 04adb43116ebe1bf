import { expect, test } from "vitest";
import type { SampleChoice } from "../../src/ports/sample.ts";
import { dumpToMemory } from "../helpers/dump-to-memory.ts";
import { startServer } from "../helpers/postgres-server.ts";
import { plannedRows, restoredSample } from "../helpers/restored-sample.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { startStandby } from "../helpers/standby.ts";
import { withDatabase } from "../helpers/test-database.ts";

const tenth: SampleChoice = { kind: "percent", value: 10, seed: 1 };
const family = `
  CREATE TABLE people (id bigint PRIMARY KEY, parent bigint REFERENCES people, name text) WITH (autovacuum_enabled = off);
  CREATE TABLE letters (id bigint PRIMARY KEY, sender bigint NOT NULL REFERENCES people, receiver bigint NOT NULL REFERENCES people);
  INSERT INTO people SELECT i, NULLIF(i / 10, 0), repeat('n', 200) FROM generate_series(1, 20000) i;
  INSERT INTO letters SELECT i, 1 + i % 20000, 1 + i * 7 % 20000 FROM generate_series(1, 30000) i`;

test("a sample taken while rows move, come and go is of one moment", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(family);
  const over = new AbortController();
  const writing = (async () => {
    for (let next = 100_000; !over.signal.aborted; next += 100) {
      await database.sql(`BEGIN; INSERT INTO people SELECT i, 1 + i % 100, 'new' FROM generate_series(${next}, ${next + 99}) i;
        INSERT INTO letters SELECT i, i, i FROM generate_series(${next}, ${next + 99}) i;
        DELETE FROM letters WHERE id % 997 = ${next / 100} % 997; UPDATE people SET name = name || 'x' WHERE id % 13 = ${next / 100} % 13;
        COMMIT`);
      if (next % 500 === 0) await database.sql("VACUUM people");
    }
  })();
  try {
    for (const jobs of [1, 3]) {
      const { plan, rows } = await restoredSample(database, tenth, { jobs });
      expect(rows).toEqual(plannedRows(plan));
    }
  } finally {
    over.abort();
    await writing;
  }
});

test("a table that somebody wants to truncate in mid-run is sampled whole, and truncated then", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(family);
  let truncated: Promise<unknown> | undefined;
  let connections = 0;
  const { result } = await dumpToMemory(database.server, database.name, {
    sample: { ...tenth, value: 50 },
    jobs: 3,
    onConnect: () => {
      connections += 1;
      // The first is the dump's own; the others come when it has its locks.
      if (connections === 2) truncated = database.sql("TRUNCATE letters");
    },
  });
  expect(connections).toBe(3);
  await truncated;
  const letters = result.tables!.find(({ name }) => name === "letters")!;
  expect(letters.rows).toBeGreaterThan(14_000);
  expect(await database.sql("SELECT count(*) AS left FROM letters")).toEqual([{ left: "0" }]);
});

test("large tables are read in parts by several connections, which find the same rows", async () => {
  await using database = await withDatabase(await sharedServer(18));
  // A row a page.
  await database.sql(`CREATE TABLE wide (id int PRIMARY KEY, friend int REFERENCES wide, filler text) WITH (fillfactor = 10);
    ALTER TABLE wide ALTER filler SET STORAGE PLAIN;
    INSERT INTO wide SELECT i, 1 + i * 31 % 9000, repeat('f', 700) FROM generate_series(1, 9000) i`);
  const [alone, ...beside] = await Promise.all(
    [1, 2, 4].map(async (jobs) => {
      let opened = 0;
      const { result } = await dumpToMemory(database.server, database.name, {
        sample: { ...tenth, value: 60 },
        jobs,
        onConnect: () => {
          opened += 1;
        },
      });
      return { opened, tables: result.tables, sample: result.sample };
    }),
  );
  expect(alone!.opened).toBe(1);
  for (const other of beside) {
    // The dump's own; those that choose, and are closed then; those that copy.
    expect(other.opened).toBeGreaterThan(2);
    expect({ ...other, opened: 1 }).toEqual(alone);
  }
});

test("a standby is sampled, with the same rows as its primary", async () => {
  await using primary = await startServer({ major: 18 });
  await primary.sql(family);
  await using standby = await startStandby(primary);
  const [of, from] = [
    await dumpToMemory(primary, "postgres", { sample: tenth }),
    await dumpToMemory(standby, "postgres", { sample: tenth }),
  ];
  expect(from.result.tables).toEqual(of.result.tables);
  expect(from.result.sample).toEqual(of.result.sample);
});
