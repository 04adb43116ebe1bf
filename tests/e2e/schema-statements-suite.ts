import { describe, expect, test } from "vitest";
import type { Comparison } from "../../src/ports/comparison.ts";
import { compareTestDatabases, loadShopInto } from "../helpers/compare-test-databases.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { mutations } from "./schema-mutations.ts";

const compareSchemas = (left: TestDatabase, right: TestDatabase): Promise<Comparison> =>
  compareTestDatabases(left, right, { schemaOnly: true, schemaStatements: true });

const isComment = (statement: string): boolean => statement.split("\n").every((line) => line.startsWith("--"));

/** What is left when B has run all statements that are no comments. */
async function applyTo(right: TestDatabase, left: TestDatabase): Promise<Comparison> {
  const { schemaStatements = [] } = await compareSchemas(left, right);
  for (const statement of schemaStatements.filter((one) => !isComment(one))) {
    await right.sql(`set check_function_bodies = off; ${statement}`).catch((error: unknown) => {
      throw new Error(`${statement}: ${error}`);
    });
  }
  return await compareSchemas(left, right);
}

/** Differences that no comment names. */
function untold({ schemaDifferences, schemaStatements = [] }: Comparison): string[] {
  const comments = schemaStatements.filter(isComment).join("\n");
  return schemaDifferences.flatMap(({ object, aspect }) => {
    const name = object.replace(
      /^(composite type|materialized view|foreign table|table|view) (column|constraint) |^\w+ /,
      "",
    );
    return comments.includes(name) || comments.includes(object) ? [] : [`${object}: ${aspect}`];
  });
}

/** `compare --schema-sql` on servers of these versions. */
export function schemaStatementsSuite(majors: readonly PostgresMajor[]): void {
  describe.each(majors)("statements for PostgreSQL %i", (major) => {
    test.each(["made", "taken back"])("of the shop's changes %s: run in B, only what is told remains", async (way) => {
      const server = await sharedServer(major);
      await using original = await withDatabase(server);
      await loadShopInto(original, { withRows: false });
      await using changed = await withDatabase(server, undefined, original.name);
      for (const { sql, since = 10 } of mutations) if (since <= major) await changed.sql(sql);
      const [left, right] = way === "made" ? [changed, original] : [original, changed];
      const before = await compareSchemas(left, right);
      expect(before.schemaDifferenceCount).toBeGreaterThan(90);
      const after = await applyTo(right, left);
      expect(untold(after)).toEqual([]);
      expect(after.schemaDifferenceCount).toBeLessThan(40);
    });

    test("what only A has is made in B, of every kind that has statements", async () => {
      const server = await sharedServer(major);
      await using left = await withDatabase(server);
      await using right = await withDatabase(server);
      await left.sql(objects);
      // What belongs to a table stays and goes with it.
      await right.sql(`create schema extra;
        create table extra.t (i integer primary key, r integer not null references extra.t constraint small check (r < 9));
        create index on extra.t (r); create rule kept as on delete to extra.t do instead nothing;
        create policy own on extra.t using (i > 0); insert into extra.t values (1, 1);
        create materialized view extra.m as select 1 as one; create index on extra.m (one)`);
      const result = await applyTo(right, left);
      expect(result.schemaDifferences.filter(({ object }) => !/ extra($|\.)/.test(object))).toEqual([]);
      expect(result.schemaStatements?.toSorted()).toEqual([
        expect.stringContaining("-- drop materialized view extra.m;"),
        expect.stringContaining("-- drop schema extra;"),
        expect.stringContaining("-- drop table extra.t;"),
      ]);
    });

    test("names that end a comment run nothing", async () => {
      const server = await sharedServer(major);
      await using left = await withDatabase(server);
      await using right = await withDatabase(server);
      await right.sql(`create table "x\ndrop table y;\rdrop table z; --" (i integer)`);
      await left.sql(`create collation "c\rdrop table z" (locale = 'C')`);
      const { schemaStatements = [] } = await compareSchemas(left, right);
      expect(schemaStatements.length).toBe(2);
      expect(schemaStatements.flatMap((one) => one.split(/[\r\n]/)).filter((line) => !line.startsWith("--"))).toEqual(
        [],
      );
    });
  });
}

const objects = `
  create schema "Sché ma"; comment on schema "Sché ma" is E'it''s \\ it';
  set search_path = "Sché ma";
  create type mood as enum ('it''s', 'B', '');
  create type pair as (a integer, "b c" text);
  create domain code as varchar(8) default 'x' not null constraint short check (length(value) < 8);
  create function twice(i integer, t text default 'a') returns integer language sql immutable strict cost 7
    set work_mem = '1MB' as 'select i * 2';
  revoke execute on function twice(integer, text) from public;
  create procedure nothing() language plpgsql as $$ begin null; end $$;
  create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
  create sequence counted as smallint increment 3 minvalue 2 start 5 cache 4 cycle;
  select setval('counted', 11);
  create table parent (id serial primary key, "a b" mood default 'B', p pair, c code, n numeric(10,2) not null
    constraint positive check (n > 0), big bigint generated always as identity (start 7), g integer generated always as (1) stored);
  create table child (parent integer not null references parent on delete cascade deferrable, at timestamptz default now(),
    t text collate "C", constraint once unique (parent, at), exclude using btree (t with =)) with (fillfactor = 70);
  alter table child alter t set storage external, alter t set statistics 77, alter parent set (n_distinct = 3);
  create unlogged table quick (i integer);
  create table parted (k integer not null, d date not null, v text, primary key (k, d)) partition by range (d);
  create table parted_1 partition of parted for values from ('2026-01-01') to ('2027-01-01');
  create table below (extra integer) inherits (quick);
  create index by_text on child (lower(t)) where t is not null;
  alter table child cluster on once;
  create view seen with (security_barrier) as select id, "a b" from parent where n > 1;
  create materialized view counts as select count(*) as n from child;
  create unique index on counts (n);
  create trigger touched before insert on child for each row execute procedure touch();
  alter table child disable trigger touched;
  create rule kept as on delete to quick do instead nothing;
  create policy own on parent as restrictive for select to public using (id > 0);
  alter table parent enable row level security;
  alter table parent replica identity full;
  grant select, insert on parent to pg_monitor with grant option; grant update (n) on parent to pg_monitor;
  grant usage on schema "Sché ma" to public; grant usage on sequence counted to pg_monitor;
  comment on column parent.n is 'number'; comment on index by_text is 'i'; comment on trigger touched on child is 't';
  comment on constraint once on child is 'c'; comment on function twice(integer, text) is 'f'; comment on type mood is 'm';
`;
