import { expect, test } from "vitest";
import { dumpToMemory } from "../helpers/dump-to-memory.ts";
import { plannedRows, restoredSample } from "../helpers/restored-sample.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";
import { percent, sampleReferencesSuite, withSchema } from "./sample-references-suite.ts";

test("no function of the database's users is run to follow a foreign key", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(`CREATE TYPE own AS (i int); CREATE DOMAIN of_own AS own; CREATE DOMAIN of_domain AS of_own;
    CREATE FUNCTION own_to_int(own) RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''ran''; END';
    CREATE CAST (own AS int) WITH FUNCTION own_to_int AS IMPLICIT;
    CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1);
    CREATE TABLE b (a of_domain REFERENCES a)`);
  const sampled = dumpToMemory(database.server, database.name, { sample: percent(100) });
  await expect(sampled).rejects.toThrow(/"b_a_fkey" can only be followed by a cast that runs a function/);
});

test("names that are not ASCII in a database that is not UTF-8", async () => {
  await using database = await withDatabase(
    await sharedServer(18),
    undefined,
    "template0",
    "ENCODING 'LATIN1' LOCALE 'C'",
  );
  await database.sql(`CREATE TABLE "tâble" ("schlüssel" text PRIMARY KEY); CREATE TABLE "vérs" ("wört" text REFERENCES "tâble");
    INSERT INTO "tâble" SELECT 'ä' || i FROM generate_series(1, 500) i; INSERT INTO "vérs" SELECT 'ä' || i FROM generate_series(1, 500) i`);
  const { plan, rows } = await restoredSample(database, percent(20));
  expect(rows).toEqual(plannedRows(plan));
  expect(rows["public.tâble"]).toBeGreaterThan(100);
});

test("no more rows come along than others refer to", async () => {
  await using database = await withSchema(18);
  const { result } = await dumpToMemory(database.server, database.name, {
    sample: { kind: "count", value: 10, seed: 1 },
  });
  const table = (name: string) => result.sample!.tables.find((one) => one.name === name)!;
  expect(table("tagged")).toMatchObject({ chosen: 10, referenced: 0 });
  // Three keys of each row lead there.
  expect(table("tags").referenced).toBeLessThanOrEqual(30);
  expect(table("words").referenced).toBeLessThanOrEqual(10);
  expect(table("prices").referenced).toBeLessThanOrEqual(40);
  // Partitions count as one table; equal rows are chosen as others.
  expect(table("events_a0").chosen + table("events_a1").chosen + table("events_b").chosen).toBe(10);
  expect(table("same")).toMatchObject({ chosen: 10, referenced: 0 });
  expect(table("no_columns")).toMatchObject({ chosen: 10, referenced: 0 });
  expect(table("nobody")).toMatchObject({ chosen: 0, referenced: 0 });
});

test("what many rows refer to is found by joins, and no other rows are", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(`CREATE TABLE parents (id int, grandparent int); CREATE TABLE kids (id int, parent int);
    INSERT INTO parents SELECT i, NULLIF(i / 100, 0) FROM generate_series(1, 60000) i;
    INSERT INTO kids SELECT i, 1 + i % 60000 FROM generate_series(1, 110000) i;
    ALTER TABLE parents ADD PRIMARY KEY (id), ADD FOREIGN KEY (grandparent) REFERENCES parents;
    ALTER TABLE kids ADD PRIMARY KEY (id), ADD FOREIGN KEY (parent) REFERENCES parents`);
  const { result, bytes } = await dumpToMemory(database.server, database.name, {
    sample: percent(50),
    format: "plain",
  });
  const [parents, kids] = ["parents", "kids"].map(
    (name) => result.sample!.tables.find((table) => table.name === name)!,
  );
  expect(kids).toMatchObject({ chosen: expect.closeTo(55_000, -3), referenced: 0 });
  const rowsOf = (table: string) =>
    new RegExp(`COPY public.${table} .*?;\\n(.*?)\\\\\\.`, "s")
      .exec(bytes.toString())![1]!
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
  const held = new Map(rowsOf("parents").map(([id, grandparent]) => [id, grandparent]));
  const referredTo = new Set([...rowsOf("kids").map(([, parent]) => parent), ...held.values()]);
  expect([...referredTo].filter((id) => id !== "\\N" && !held.has(id))).toEqual([]);
  expect(held.size).toBe(parents!.chosen + parents!.referenced);
  expect([...held.keys()].filter((id) => !referredTo.has(id)).length).toBeLessThanOrEqual(parents!.chosen);
});

sampleReferencesSuite(18);
