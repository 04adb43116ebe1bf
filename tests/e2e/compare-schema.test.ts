import { describe, expect, test } from "vitest";
import { compareTestDatabases, loadShopInto } from "../helpers/compare-test-databases.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";
import { withRoles } from "../helpers/test-roles.ts";
import { mutations } from "./schema-mutations.ts";

describe.each([13, 18] as const)("schemas of PostgreSQL %i", (major) => {
  test("equal schemas are equal; each of many changes is found and named, and nothing else", async () => {
    const server = await sharedServer(major);
    await using left = await withDatabase(server);
    await using right = await withDatabase(server);
    await Promise.all([left, right].map((database) => loadShopInto(database, { withRows: false })));
    const before = await compareTestDatabases(left, right);
    expect(before.schemaDifferences).toEqual([]);
    expect(before).toMatchObject({ equal: true, dataDifferences: [] });
    expect(before.objectsCompared).toBeGreaterThan(600);

    const made = mutations.filter(({ since = 10 }) => since <= major);
    for (const { sql } of made) await right.sql(sql);
    const after = await compareTestDatabases(left, right, { schemaOnly: true });
    const found = new Set(after.schemaDifferences.map(({ object, aspect }) => `${object}: ${aspect}`));
    expect(after.equal).toBe(false);
    expect(made.map(({ object, aspect }) => `${object}: ${aspect}`).filter((fact) => !found.has(fact))).toEqual([]);
    const expected = (object: string): boolean =>
      made.some((one) => one.object === object || one.consequences?.test(object) === true);
    expect(after.schemaDifferences.filter(({ object }) => !expected(object))).toEqual([]);
  });

  test("what no dump can hold is no difference: unfinished operators, comments on what is gone, numbers of columns", async () => {
    const server = await sharedServer(major);
    await using left = await withDatabase(server);
    await using right = await withDatabase(server);
    await left.sql(`create operator public.@@@ (procedure = booleq, leftarg = boolean, rightarg = boolean, negator = !@@);
      drop operator public.@@@ (boolean, boolean)`);
    await left.sql(
      "create subscription gone connection 'host=nowhere' publication p with (connect = false, slot_name = none)",
    );
    await left.sql("comment on subscription gone is 'left behind'");
    await left.sql("drop subscription gone");
    await left.sql(
      "create table items (gone text, id integer primary key, note text); alter table items drop column gone",
    );
    await right.sql("create table items (id integer primary key, note text)");
    const columns = major >= 15 ? "(note, id)" : "";
    for (const { sql } of [left, right]) await sql(`create publication few for table items ${columns}`);
    expect((await compareTestDatabases(left, right)).schemaDifferences).toEqual([]);
  });

  test("conditions that are read again, and partitions that are attached again, are the same", async () => {
    const server = await sharedServer(major);
    await using left = await withDatabase(server);
    await using right = await withDatabase(server);
    const definition = "a between 1 and 3 and b <> 2";
    await left.sql(`create table t (a integer, b integer, check (${definition})); create view v as select * from t where ${definition};
      create table parted (a integer not null, constraint positive check (a > 0)) partition by list (a);
      create table part partition of parted (constraint positive check (a > 0), a not null) for values in (1)`);
    const [view] = await left.sql("select pg_get_viewdef('v'::regclass) as text");
    const [check] = await left.sql(
      "select pg_get_constraintdef(oid) as text from pg_constraint where conrelid = 't'::regclass",
    );
    expect(`${view!.text} ${check!.text}`).toMatch(/<= 3\)\) AND .*<= 3\)\) AND /s);
    await right.sql(`create table t (a integer, b integer, constraint t_check ${check!.text}); create view v as ${view!.text};
      create table parted (a integer not null, constraint positive check (a > 0)) partition by list (a);
      create table part (a integer constraint part_a_not_null not null, constraint positive check (a > 0));
      alter table parted attach partition part for values in (1)`);
    expect((await compareTestDatabases(left, right)).schemaDifferences).toEqual([]);
    await right.sql(`create or replace view v as select * from t where a between 1 and 3 or b <> 2`);
    const [difference] = (await compareTestDatabases(left, right)).schemaDifferences;
    expect(difference).toMatchObject({ object: "view public.v", aspect: "definition" });
  });

  test("a domain's default is the same, whatever the search path was when it was made", async () => {
    const server = await sharedServer(major);
    await using left = await withDatabase(server);
    await using right = await withDatabase(server);
    for (const { sql } of [left, right]) await sql("create schema app; create type app.e as enum ('a', 'b')");
    await left.sql(domainMadeWith("app", "'{a}'"));
    await right.sql(domainMadeWith("pg_catalog", "'{a}'"));
    expect((await compareTestDatabases(left, right)).schemaDifferences).toEqual([]);
    await right.sql("alter domain app.d set default '{b}'::app.e[]");
    expect((await compareTestDatabases(left, right)).schemaDifferences).toMatchObject([
      { object: "type app.d", aspect: "default" },
    ]);
  });

  test("a role that owns nothing can compare schemas, subscriptions included", async () => {
    const server = await sharedServer(major);
    await using roles = await withRoles(server, ["compare_reader"]);
    await using left = await withDatabase(server);
    await using right = await withDatabase(server);
    await left.sql(`alter role ${roles.quoted[0]} login`);
    const subscribe =
      "create subscription compared connection 'host=nowhere' publication p with (connect = false, slot_name = none)";
    await left.sql(subscribe);
    try {
      const compared = await compareTestDatabases(left, right, { schemaOnly: true }, "compare_reader");
      expect(new Set(compared.schemaDifferences.map(({ object }) => object))).toEqual(
        new Set(["subscription compared"]),
      );
    } finally {
      await left.sql("drop subscription compared");
    }
  });
});

function domainMadeWith(path: string, value: string): string {
  return `set search_path = ${path}; create domain app.d as app.e[] default ${value}::app.e[]`;
}
