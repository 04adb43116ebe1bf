import { expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";

const compare = async (...args: readonly string[]) => {
  const { status, stdout, stderr } = await dbbackup(["compare", ...args]);
  return { status, stdout: stdout.toString(), stderr };
};

test("equal databases end with 0, different ones with 4 and what differs", async () => {
  const server = await sharedServer(18);
  await using a = await withDatabase(server);
  await using b = await withDatabase(server);
  const tables = "create table t (id integer primary key, v text default 'x'); insert into t values (1, 'a'), (2, 'b')";
  await a.sql(tables);
  await b.sql(tables);
  const same = await compare(a.url, b.url);
  expect(same.stdout).toMatch(/^equal {2}A: "test_\w+" \(PostgreSQL 18\.\d+\), B: /);
  expect(same.status).toBe(0);

  await b.sql(
    "alter table t alter v set default 'y'; update t set v = 'c' where id = 2; create view w as select 1 as one",
  );
  const different = await compare(a.url, b.url);
  expect(different.status).toBe(4);
  expect(different.stdout).toMatch(/^DIFFERENT {2}A: /);
  expect(different.stdout).toContain("schema  table column public.t.v: default");
  expect(different.stdout).toContain("schema  view public.w: only in B");
  expect(different.stdout).toContain("(2): other v");

  const script = await compare(a.url, b.url, "--schema-sql");
  expect(script.stdout).toContain("-- DIFFERENT  A: ");
  expect(script.stdout.split("\n").filter((line) => line !== "" && !line.startsWith("--"))).toEqual([
    "set check_function_bodies = off;",
    "drop view public.w;",
    "alter table public.t alter column v set default 'x'::text;",
  ]);

  const document = await compare(a.url, b.url, "--json");
  expect(document.status).toBe(4);
  expect(JSON.parse(document.stdout)).toMatchObject({
    equal: false,
    rows_compared: 2,
    data_differences: [
      { object: "table public.t", a_rows: 2, b_rows: 2, samples: [{ key: "(2)", in: "both", columns: ["v"] }] },
    ],
  });
});

test("what is no URL is refused with 2, an unknown database ends with 1", async () => {
  await using a = await withDatabase(await sharedServer(18));
  const refused = await compare("shop", a.url);
  expect(refused.stderr).toContain("postgres://");
  expect(refused.status).toBe(2);
  const unknown = await compare(a.url, a.url.replace(a.name, "no_such_database"));
  expect(unknown.stderr).toContain("no_such_database");
  expect(unknown.status).toBe(1);
});
