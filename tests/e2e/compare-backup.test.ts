import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackup as runDbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";

async function dbbackup(...args: readonly string[]) {
  const { status, stdout, stderr } = await runDbbackup(args);
  return { status, stdout: stdout.toString(), stderr };
}

async function withRepository() {
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-compare-"));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const tables = `
  create schema "Sché ma";
  create table "Sché ma"."tä ble" (id integer primary key, t timestamptz, v text, f double precision,
    twice integer generated always as (id * 2) stored);
  insert into "Sché ma"."tä ble" select i, timestamptz '2026-01-01' + i * interval '1 hour', 'ä' || i, i / 3.0
    from generate_series(1, 1000) as i;
  create table parted (k integer) partition by list (k);
  create table parted_1 partition of parted for values in (1);
  insert into parted values (1), (1);
  create table empty ();
  create extension hstore;
  select lo_from_bytea(0, 'content');
`;

test.each(["UTF8", "LATIN1"])("a database in %s equals its backup until a row changes", async (encoding) => {
  await using repository = await withRepository();
  await using database = await withDatabase(
    await sharedServer(18),
    undefined,
    "template0",
    `encoding '${encoding}' locale_provider libc locale 'C'`,
  );
  await database.sql(tables);
  const backup = await dbbackup("backup", "single", database.name, "--url", database.url, "--repo", repository.folder);
  expect(backup.stderr).not.toContain("error");
  expect(backup.status).toBe(0);
  const compare = () =>
    dbbackup("compare", database.url, `latest:${database.name}`, "--repo", repository.folder, "--json");

  // The rows of a backup are as the session that made it wrote them.
  await database.sql(`ALTER DATABASE "${database.name}" SET timezone = 'Asia/Kolkata'`);
  const same = await compare();
  expect(JSON.parse(same.stdout)).toMatchObject({
    equal: true,
    a: { kind: "database" },
    b: { kind: "backup", database: database.name },
    tables_compared: 3,
    rows_compared: 1002,
  });
  expect(same.status).toBe(0);

  await database.sql(`
    update "Sché ma"."tä ble" set f = f + 0.0000001 where id = 500;
    insert into parted values (1);
    create table later (); drop table empty;
    select lo_create(0);
  `);
  const different = await compare();
  expect(different.status).toBe(4);
  const document = JSON.parse(different.stdout);
  expect(document.data_differences).toEqual([
    { object: 'table "Sché ma"."tä ble"', a_rows: 1000, b_rows: 1000, samples: [] },
    { object: "table public.parted_1", a_rows: 3, b_rows: 2, samples: [] },
    { object: "large objects", a_rows: 2, b_rows: 1, samples: [] },
  ]);
  expect(document.schema_differences).toEqual([
    { object: "table public.later", aspect: "exists", a: "yes", b: null },
    { object: "table public.empty", aspect: "exists", a: null, b: "yes" },
  ]);
});

test("a backup without metadata is refused with what to do instead", async () => {
  await using repository = await withRepository();
  await using database = await withDatabase(await sharedServer(18));
  const file = join(repository.folder, "x.dump");
  await dbbackup("backup", "single", database.name, "--url", database.url, "--output", file);
  await rm(`${file}.meta.json`);
  const refused = await dbbackup("compare", database.url, file);
  expect(refused.stderr).toContain("restore it into another database");
  expect(refused.status).not.toBe(0);
});
