import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { toolsFolder } from "../helpers/tools-folder.ts";

let folder: { readonly path: string } & AsyncDisposable;
beforeAll(async () => {
  folder = await withTemporaryFolder();
});
afterAll(() => folder?.[Symbol.asyncDispose]());

async function backUp(database: TestDatabase, ...options: readonly string[]): Promise<string> {
  const where = ["--url", database.url, "--repo", folder.path, "--json"];
  const { stdout } = await mustDbbackup(["backup", "single", database.name, ...where, ...options]);
  return (JSON.parse(stdout.toString()) as { id: string }).id;
}

async function compared(database: TestDatabase, id: string, ...options: readonly string[]) {
  const { status, stdout } = await dbbackup(["compare", database.url, id, "--repo", folder.path, "--json", ...options]);
  return { status, ...JSON.parse(stdout.toString()) };
}

const objects = `
  CREATE TABLE t (id int PRIMARY KEY, v text DEFAULT 'x' CHECK (v <> ''));
  CREATE INDEX by_v ON t (v);
  CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION same(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT $1 = $2';
  CREATE FUNCTION same(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT $1 = $2';
  CREATE OPERATOR === (FUNCTION = same, LEFTARG = int, RIGHTARG = int);
  CREATE OPERATOR === (FUNCTION = same, LEFTARG = bigint, RIGHTARG = bigint);
  CREATE VIEW lost AS SELECT id FROM t;
  INSERT INTO t VALUES (1);
`;
const changes = `
  ALTER TABLE t ADD COLUMN added int;
  DROP INDEX by_v; CREATE INDEX by_id_and_v ON t (id, v);
  CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2';
  DROP OPERATOR === (bigint, bigint);
  DROP VIEW lost;
  COMMENT ON TABLE t IS 'since then';
  ALTER FUNCTION same(int, int) OWNER TO pg_monitor;
`;

test("everything of the zoo is as its own backup has it", async () => {
  const zoo = await loadZoo(await sharedServer(18));
  try {
    const { status, equal, schema_differences, notes } = await compared(zoo, await backUp(zoo), "--schema-only");
    expect({ status, equal, schema_differences }).toEqual({ status: 0, equal: true, schema_differences: [] });
    expect(notes).toEqual(["rows were not compared"]);
  } finally {
    await zoo.drop();
  }
});

test("what was changed since a backup is told", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(objects);
  const id = await backUp(database);
  expect(await compared(database, id)).toMatchObject({ status: 0, equal: true });
  await database.sql(changes);
  const { status, schema_differences, data_differences } = await compared(database, id);
  expect(status).toBe(4);
  expect(data_differences).toMatchObject([{ object: "table public.t" }]);
  const told = (schema_differences as { object: string; aspect: string; a: string | null; b: string | null }[]).map(
    ({ object, aspect, a, b }) =>
      aspect === "definition" ? `${object}: definition` : `${object}: ${aspect} ${a}, ${b}`,
  );
  expect(told.toSorted()).toEqual([
    "comment public.TABLE t: exists yes, null",
    "function public.one(): definition",
    "function public.same(integer, integer): owner pg_monitor, postgres",
    "index public.by_id_and_v: exists yes, null",
    "index public.by_v: exists null, yes",
    "operator public.===: exists null, yes",
    "table public.t: definition",
    "view public.lost: exists null, yes",
  ]);
  const functions = schema_differences.find(({ object }: { object: string }) => object === "function public.one()");
  expect(functions.a).toContain("SELECT 2");
  expect(functions.b).toContain("SELECT 1");
});

test("definitions of another program are compared by name and owner", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(objects);
  const id = await backUp(database, "--engine=tools", `--tools-path=${await toolsFolder(18)}`);
  await database.sql(changes);
  const { schema_differences, notes } = await compared(database, id, "--schema-only");
  expect(schema_differences.map(({ object }: { object: string }) => object).toSorted()).toEqual([
    "comment public.TABLE t",
    "function public.same(integer, integer)",
    "index public.by_id_and_v",
    "index public.by_v",
    "operator public.===",
    "view public.lost",
  ]);
  expect(notes).toContainEqual(expect.stringContaining("by name and owner"));
});

test.each([
  ["a script", "--format=plain", "it is a script"],
  ["a part of its database", "--exclude-table=t", "a part of its database"],
])("the schema of %s is not compared", async (_, option, why) => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(objects);
  const id = await backUp(database, option);
  expect(await compared(database, id, "--schema-only")).toMatchObject({
    status: 1,
    error: { code: "PRECHECK", message: expect.stringContaining(why) },
  });
  const { status, notes } = await compared(database, id);
  expect(status).toBe(0);
  expect(notes).toContainEqual(expect.stringContaining("only rows were compared"));
});
