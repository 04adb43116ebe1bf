import { describe, expect, test } from "vitest";
import { both, openBoth } from "../../src/engines/postgres/compare/both-sides.ts";
import { pairOf } from "../../src/engines/postgres/compare/row-pair.ts";
import { readRowSources } from "../../src/engines/postgres/compare/row-source.ts";
import { cutTable } from "../../src/engines/postgres/compare/table-parts.ts";
import type { DataDifference } from "../../src/ports/comparison.ts";
import { compareTestDatabases, specOf } from "../helpers/compare-test-databases.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** A page: all tables with more are cut. */
const smallParts = { splitLargerThan: 8192, jobs: 3 };
const rows = 4000;

/** One table for each kind of key: its type, and a value of it for the number i. In order, the rows lie as the keys do. */
const keys: Readonly<Record<string, readonly [type: string, value: string]>> = {
  of_integers: ["integer", "i"],
  of_negatives: ["bigint", "-i::bigint * 3000000000"],
  of_numerics: ["numeric", "i / 7.0"],
  of_dates: ["timestamptz", "timestamptz '2026-10-25 00:00:00+02' + i * interval '7 minutes'"],
  of_days: ["date", "date '2020-01-01' + i"],
  of_ordered_uuids: ["uuid", "lpad(to_hex(i), 32, '0')::uuid"],
  of_random_uuids: ["uuid", "md5(i::text)::uuid"],
  of_bytes: ["bytea", "decode(lpad(to_hex(i), 8, '0'), 'hex')"],
  of_plain_texts: [`text collate "C"`, "'it''s \\' || lpad(i::text, 6, '0')"],
  of_texts: ["text", "'ä' || md5(i::text)"],
  of_blanks: [`char(12) collate "C"`, "lpad(i::text, 8, '0')"],
  of_any_case: ["text collate any_case", "'Key ' || lpad(i::text, 6, '0')"],
  of_words: ["text collate words", "'word ' || i"],
  of_moods: ["mood_key", "row(case when i % 2 = 0 then 'sad' else 'glad' end, i)::mood_key"],
  of_domains: ["sku", "lpad(i::text, 8, '0')"],
};

const load = `
  create collation any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create collation words (provider = icu, locale = 'de');
  create type mood as enum ('sad', 'glad');
  create type mood_key as (m mood, i integer);
  create domain sku as text collate "C" check (length(value) = 8);
  ${Object.entries(keys)
    .map(
      ([name, [type, value]]) => `create table ${name} (v text, k ${type} primary key, f double precision);
      insert into ${name} select 'value ' || i, ${value}, i / 3.0 from generate_series(1, ${rows}) as i;`,
    )
    .join("\n")}
  create table of_two (tenant integer, v text, line integer, primary key (tenant, line) include (v));
  insert into of_two select i / 100, 'value ' || i, i % 100 from generate_series(1, ${rows}) as i;
  create table of_unique (v text, k integer not null unique);
  insert into of_unique select 'value ' || i, i from generate_series(1, ${rows}) as i;
  create table of_moods_alone (k mood, i integer, v text, primary key (i, k));
  insert into of_moods_alone select (array['sad', 'glad']::mood[])[1 + i % 2], i, 'value ' || i from generate_series(1, ${rows}) as i;
  create table without_key (v text, k integer);
  insert into without_key select 'value ' || i % 3000, i % 3000 from generate_series(1, ${rows}) as i;
  create table by_hash (k bigint primary key, v text) partition by hash (k);
  create table by_hash_0 partition of by_hash for values with (modulus 2, remainder 0);
  create table by_hash_1 partition of by_hash for values with (modulus 2, remainder 1) partition by hash (k);
  create table by_hash_1_0 partition of by_hash_1 for values with (modulus 1, remainder 0);
  insert into by_hash select i, 'value ' || i from generate_series(1, ${rows}) as i;
  create table generated (k integer primary key, v text, twice integer generated always as (k * 2) stored);
  insert into generated select i, 'value ' || i from generate_series(1, ${rows}) as i;
`;
const tables = [...Object.keys(keys), "of_two", "of_unique", "of_moods_alone", "without_key", "by_hash", "generated"];

const byTable = (differences: readonly DataDifference[]) =>
  new Map(differences.map(({ object, ...rest }) => [object.replace("table public.", ""), rest]));

/** Whether each table is read in ranges of its key (or else as its rows lie), as the comparison decides it. */
async function waysToRead(left: TestDatabase, right: TestDatabase): Promise<ReadonlyMap<string, string>> {
  const signal = new AbortController().signal;
  await using sides = await openBoth({ left: specOf(left), right: specOf(right) }, signal);
  const [a, b] = await both(sides, readRowSources);
  await both(sides, ({ connection }) => connection.query("begin"));
  const ways = new Map<string, string>();
  for (const [object, source] of a) {
    const cut = await cutTable(pairOf(source, b.get(object)!, true), sides, smallParts.splitLargerThan);
    ways.set(object.replace("table public.", ""), cut.parts.length > 1 ? cut.by : "whole");
  }
  return ways;
}

describe("tables in parts", () => {
  test("keys that have one order everywhere, and that rows lie in, are read in ranges, all others as rows lie", async () => {
    const server = await sharedServer(18);
    await using left = await withDatabase(server);
    await left.sql(load);
    await using right = await withDatabase(server, undefined, left.name);
    const ways = await waysToRead(left, right);
    const byPlace = [
      "of_random_uuids",
      "of_texts",
      "of_any_case",
      "of_words",
      "of_moods",
      "of_moods_alone",
      "without_key",
      "by_hash",
    ];
    expect(
      [...ways]
        .filter(([, way]) => way === "place")
        .map(([name]) => name)
        .toSorted(),
    ).toEqual(byPlace.toSorted());
    expect([...ways].filter(([, way]) => way === "whole")).toEqual([]);
    // On one side the rows lie otherwise.
    await right.sql(
      "create table shuffled as select * from of_integers order by md5(k::text); truncate of_integers; insert into of_integers select * from shuffled; drop table shuffled",
    );
    expect((await waysToRead(left, right)).get("of_integers")).toBe("place");
  });

  test("whatever the key is, equal ones are equal, and one value that differs is found with its row", async () => {
    const server = await sharedServer(18);
    await using left = await withDatabase(server);
    await left.sql(load);
    await using right = await withDatabase(server, undefined, left.name);
    for (const hashOn of ["client", "server"] as const) {
      const same = await compareTestDatabases(left, right, { ...smallParts, hashOn });
      expect(same).toMatchObject({ equal: true, notes: [], tablesCompared: tables.length });
      expect(same.rowsCompared).toBe(tables.length * rows);
    }

    for (const name of tables) await right.sql(`update ${name} set v = 'other' where v = 'value 2345'`);
    // Rows change places: neither what a part holds nor where rows lie says which differ.
    await right.sql("cluster of_unique using of_unique_k_key");
    await right.sql("update of_integers set k = k where k % 3 = 0");
    const different = await compareTestDatabases(left, right, smallParts);
    const found = byTable(different.dataDifferences);
    expect([...found.keys()].toSorted()).toEqual(tables.toSorted());
    for (const [name, { leftRows, rightRows, samples }] of found) {
      expect([name, leftRows, rightRows]).toEqual([name, rows, rows]);
      if (name === "without_key") {
        expect(samples.map(({ key }) => key).toSorted()).toEqual(['(2345,"value 2345")', "(2345,other)"]);
      } else {
        expect([name, samples]).toEqual([name, [{ key: expect.any(String), on: "both", columns: ["v"] }]]);
      }
    }
    expect(found.get("of_two")?.samples[0]?.key).toBe("(23,45)");
    expect(found.get("of_unique")?.samples[0]?.key).toBe("(2345)");
  });

  test("rows that only one side has are found at both ends of the key and in its middle", async () => {
    const server = await sharedServer(18);
    await using left = await withDatabase(server);
    await left.sql(load);
    await using right = await withDatabase(server, undefined, left.name);
    await right.sql(`insert into of_integers values ('first', -5, 1), ('last', 1000000, 1); delete from of_integers where k = 2000;
      update of_unique set v = case k when 100 then 'value 3900' else 'value 100' end where k in (100, 3900);
      delete from without_key where ctid in (select ctid from without_key where k = 7 limit 1);`);
    const { dataDifferences } = await compareTestDatabases(left, right, smallParts);
    const found = byTable(dataDifferences);
    expect(found.size).toBe(3);
    expect(found.get("of_integers")).toMatchObject({ leftRows: rows, rightRows: rows + 1 });
    const keysOf = (name: string) =>
      found
        .get(name)
        ?.samples.map(({ key, on }) => `${key} ${on}`)
        .toSorted();
    expect(keysOf("of_integers")).toEqual(["(-5) right", "(1000000) right", "(2000) left"]);
    expect(keysOf("of_unique")).toEqual(["(100) both", "(3900) both"]);
    expect(keysOf("without_key")).toEqual(['(7,"value 7") left']);
  });

  test("values are shown when they are asked for, cut when long", async () => {
    const server = await sharedServer(18);
    await using left = await withDatabase(server);
    await using right = await withDatabase(server);
    const table = "create table t (k integer primary key, v text, n numeric)";
    await left.sql(`${table}; insert into t values (1, 'ä\u001b[2J', null), (2, repeat('x', 1000), 2), (3, 'only', 3)`);
    await right.sql(`${table}; insert into t values (1, '', 1), (2, repeat('x', 999), 2)`);
    const limits = { schemaDifferences: 10, dataDifferences: 10, sampleRows: 5, showValues: true };
    const { dataDifferences } = await compareTestDatabases(left, right, { limits });
    const samples = dataDifferences[0]!.samples.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const long = `${"x".repeat(200)}...`;
    expect(samples).toEqual([
      {
        key: "(1)",
        on: "both",
        columns: ["n", "v"],
        values: [
          { column: "n", left: null, right: "1" },
          { column: "v", left: "ä\u001b[2J", right: "" },
        ],
      },
      { key: "(2)", on: "both", columns: ["v"], values: [{ column: "v", left: long, right: long }] },
      {
        key: "(3)",
        on: "left",
        columns: [],
        values: [
          { column: "k", left: "3" },
          { column: "n", left: "3" },
          { column: "v", left: "only" },
        ],
      },
    ]);
  });

  test("rows that an index does not lead to are compared all the same, and the index is named", async () => {
    const server = await sharedServer(18);
    await using left = await withDatabase(server);
    await left.sql(
      "create table t (k integer primary key, v text); insert into t select i, 'v' || i from generate_series(1, 3000) as i",
    );
    // As after a damage: the last rows are in the table and not in its index.
    await left.sql(damaged(false));
    await left.sql("insert into t select i, 'v' || i from generate_series(3001, 4000) as i");
    await left.sql(damaged(true));
    await using right = await withDatabase(server, undefined, left.name);
    await right.sql("update t set v = 'changed' where ctid = (select ctid from t where v = 'v3500')");
    const result = await compareTestDatabases(left, right, smallParts);
    expect(result.notes).toEqual([
      expect.stringMatching(/table public\.t: the index of the key \(k\) does not lead to all rows in A and B/),
    ]);
    expect(result.dataDifferences).toMatchObject([{ leftRows: 4000, rightRows: 4000, samples: [{ columns: ["v"] }] }]);
  });
});

const damaged = (isLive: boolean): string =>
  `update pg_index set indisready = ${isLive}, indislive = ${isLive} where indrelid = 't'::regclass`;
