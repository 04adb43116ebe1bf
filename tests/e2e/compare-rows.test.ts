import { describe, expect, test } from "vitest";
import { compareTestDatabases } from "../helpers/compare-test-databases.ts";
import { serverSql, startServer } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const tables = (rows: number): string => `
  create table wide (id integer primary key, name text, n numeric, f double precision, d date);
  insert into wide select i, 'name ' || i, i / 7.0, i / 7.0, date '2026-01-01' + i % 300 from generate_series(1, ${rows}) as i;
  create table floats (id integer, f double precision, g real);
  insert into floats values (1, 0.0, 1), (2, 'NaN', 2), (3, 1.5, 3);
  create table texts (id integer, t text);
  insert into texts values (1, null), (2, 'x'), (2, 'x'), (3, 'ü');
  create table numbers (id integer primary key, n numeric, j json, b bytea, ts timestamptz);
  insert into numbers values (1, 1.0, '{"a": 1}', '\\x00ff', '2026-10-25 01:30:00+02'), (2, 'NaN', null, '', 'infinity');
  create table parted (k integer, v text) partition by list (k);
  create table parted_1 partition of parted for values in (1, 2);
  create table parted_2 partition of parted for values in (3, 4);
  insert into parted select 1 + i % 4, 'v' || i from generate_series(1, 100) as i;
  create table base (a integer);
  create table child (b integer) inherits (base);
  insert into base values (1), (2); insert into child values (3, 3);
  create table "odd ""name"" \\ '" ("a b" integer, "select" text);
  insert into "odd ""name"" \\ '" values (1, 'x');
  create table nothing ();
  insert into nothing default values;
  create materialized view seen as select count(*) as n from texts;
  select lo_from_bytea(4711, decode(repeat('00ff10', 1000000), 'hex')), lo_create(4712);
`;

const oddText = (escapes: string): string =>
  `create table t (id integer primary key, v text); insert into t values (1, E'${escapes}')`;

async function twins(load: (database: TestDatabase) => Promise<unknown>) {
  const server = await sharedServer(18);
  const left = await withDatabase(server);
  const right = await withDatabase(server);
  await Promise.all([load(left), load(right)]);
  return {
    left,
    right,
    async [Symbol.asyncDispose]() {
      await Promise.all([left.drop(), right.drop()]);
    },
  };
}

describe("rows", () => {
  test("equal whatever the order of rows and columns, dropped columns included", async () => {
    await using both = await twins((database) => database.sql(tables(1_000)));
    await both.right.sql(`
      alter table wide add column gone integer default 5; alter table wide drop column gone;
      create table copy as select * from wide order by id desc; truncate wide; insert into wide select * from copy;
      drop table copy;
    `);
    const result = await compareTestDatabases(both.left, both.right);
    expect(result).toMatchObject({ equal: true, schemaDifferences: [], dataDifferences: [], notes: [] });
    expect(result.tablesCompared).toBe(12);
    expect(result.rowsCompared).toBe(1_117);
  });

  test("each change is found, in its table, with its rows", async () => {
    await using both = await twins((database) => database.sql(tables(20_000)));
    await both.right.sql(`
      update wide set name = overlay(name placing 'M' from 3 for 1) where id = 17777;
      update floats set f = '-0' where id = 1;
      update texts set t = '' where id = 1;
      insert into texts values (2, 'x');
      update numbers set n = 1.00, j = '{"a":1}' where id = 1;
      insert into numbers values (3, null, null, null, null);
      delete from parted where k = 1 and v = 'v4'; insert into parted values (3, 'v4');
      update base set a = 20 where a = 2;
      update "odd ""name"" \\ '" set "select" = 'X';
      insert into nothing default values;
      select lo_put(4711, 2500000, '\\x01');
    `);
    const result = await compareTestDatabases(both.left, both.right);
    expect(result).toMatchObject({ equal: false, schemaDifferences: [], dataDifferenceCount: 10 });
    const found = new Map(result.dataDifferences.map(({ object, ...rest }) => [object, rest]));
    expect(found.get("table public.wide")).toEqual({
      leftRows: 20_000,
      rightRows: 20_000,
      samples: [{ key: "(17777)", on: "both", columns: ["name"] }],
    });
    expect(found.get("table public.floats")?.samples).toEqual(
      expect.arrayContaining([
        { key: "(0,1,1)", on: "left", columns: [] },
        { key: "(-0,1,1)", on: "right", columns: [] },
      ]),
    );
    expect(found.get("table public.texts")).toMatchObject({ leftRows: 4, rightRows: 5 });
    expect(found.get("table public.texts")?.samples).toEqual(
      expect.arrayContaining([
        { key: "(1,)", on: "left", columns: [] },
        { key: '(1,"")', on: "right", columns: [] },
        { key: "(2,x)", on: "right", columns: [] },
      ]),
    );
    expect(found.get("table public.numbers")?.samples).toEqual(
      expect.arrayContaining([
        { key: "(1)", on: "both", columns: ["j", "n"] },
        { key: "(3)", on: "right", columns: [] },
      ]),
    );
    expect(found.get("table public.parted_1")).toMatchObject({ leftRows: 50, rightRows: 49 });
    expect(found.get("table public.parted_2")).toMatchObject({ leftRows: 50, rightRows: 51 });
    expect(found.get("table public.base")).toMatchObject({ leftRows: 2, rightRows: 2 });
    expect(found.get('table public."odd ""name"" \\ \'"')).toMatchObject({ leftRows: 1, rightRows: 1 });
    expect(found.get("table public.nothing")).toMatchObject({ leftRows: 1, rightRows: 2 });
    expect(found.get("large objects")).toEqual({
      leftRows: 2,
      rightRows: 2,
      samples: [{ key: "(4711)", on: "both", columns: ["content"] }],
    });
    expect(found.has("table public.child")).toBe(false);
  });

  test("of many differences only as many are told as asked for, and all are counted", async () => {
    await using both = await twins((database) => database.sql(tables(1_000)));
    await both.right.sql("update wide set n = n + 1 where id <= 500; delete from floats; truncate only base");
    const limits = { schemaDifferences: 10, dataDifferences: 2, sampleRows: 3 };
    const result = await compareTestDatabases(both.left, both.right, { limits });
    expect(result.dataDifferenceCount).toBe(3);
    expect(result.dataDifferences).toHaveLength(2);
    expect(result.dataDifferences[0]?.samples).toHaveLength(3);
  });

  test("a materialized view that is out of date differs from one that is not", async () => {
    await using both = await twins((database) => database.sql(tables(1_000)));
    await both.right.sql(
      "insert into texts values (9, '9'); refresh materialized view seen; delete from texts where id = 9",
    );
    const result = await compareTestDatabases(both.left, both.right);
    expect(result.dataDifferences.map(({ object }) => object)).toEqual(["materialized view public.seen"]);
  });

  test("more tables than the server has room for locks are compared", async () => {
    await using server = await startServer({
      major: 18,
      settings: { max_locks_per_transaction: "10", max_connections: "10", autovacuum: "off" },
    });
    await using left = await withDatabase(server);
    await left.sql(
      "do $$ begin for i in 1..600 loop execute format('create table t%s ()', i); commit; end loop; end $$",
    );
    await using right = await withDatabase(server, undefined, left.name);
    expect(await compareTestDatabases(left, right)).toMatchObject({ equal: true, tablesCompared: 600 });
  });

  test.each([
    ["SQL_ASCII", "\\xfe", "\\xff"],
    ["MULE_INTERNAL", "\\x81\\xe8", "\\x81\\xe9"],
  ])("texts that the server cannot convert are compared as bytes: %s", async (encoding, one, other) => {
    const server = await sharedServer(18);
    const options = `encoding '${encoding}' locale_provider libc locale 'C'`;
    await using left = await withDatabase(server, undefined, "template0", options);
    await using right = await withDatabase(server, undefined, "template0", options);
    const asBytes = { client_encoding: "SQL_ASCII" };
    await serverSql(server, oddText(one), left.name, asBytes);
    await serverSql(server, oddText(other), right.name, asBytes);
    const result = await compareTestDatabases(left, right);
    expect(result.dataDifferences).toMatchObject([
      { object: "table public.t", samples: [{ key: "(1)", columns: ["v"] }] },
    ]);
  });

  test("databases of different encodings with the same texts are equal, and the difference is noted", async () => {
    const server = await sharedServer(18);
    await using left = await withDatabase(server);
    await using right = await withDatabase(
      server,
      undefined,
      "template0",
      "encoding 'LATIN1' locale_provider libc locale 'C'",
    );
    for (const database of [left, right]) {
      await database.sql(
        `create table "tëxt" (id integer, v text default 'ß'); insert into "tëxt" values (1, 'Größe')`,
      );
    }
    const result = await compareTestDatabases(left, right);
    expect(result).toMatchObject({ equal: true, rowsCompared: 1 });
    expect(result.notes).toEqual([expect.stringContaining("LATIN1")]);
    await right.sql(`update "tëxt" set v = 'Grösse'`);
    const changed = await compareTestDatabases(left, right);
    expect(changed.dataDifferences.map(({ object }) => object)).toEqual(['table public."tëxt"']);
  });
});
