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
    {
      object: 'table "Sché ma"."tä ble"',
      a_rows: 1000,
      b_rows: 1000,
      samples: [{ key: "(500)", in: "both", columns: ["f"] }],
    },
    { object: "table public.parted_1", a_rows: 3, b_rows: 2, samples: [{ key: "(1)", in: "a", columns: [] }] },
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

const many = `
  create table t (id integer, "vä l" text, n numeric, k text, primary key (k, id));
  insert into t select i, case when i % 7 = 0 then null else E'tab\t back\\\\ line\n' || i end, i / 7.0, 'k' || i % 10
    from generate_series(1, 5000) as i;
  create table texts (t text); insert into texts values (''), (null), ('x'), ('x'), (E'\\.');
  create table renamed (a integer, b integer); insert into renamed values (1, 2);
`;

test.each(["custom", "directory", "tar", "plain"])(
  "which rows differ from a backup in %s format is told",
  async (format) => {
    await using repository = await withRepository();
    await using database = await withDatabase(await sharedServer(18));
    await database.sql(many);
    const name = database.name;
    const backup = await dbbackup(
      "backup",
      "single",
      name,
      "--url",
      database.url,
      "--repo",
      repository.folder,
      "--format",
      format,
    );
    expect(backup.status).toBe(0);
    await database.sql(`update t set "vä l" = '' where id = 7; update t set n = 0, "vä l" = 'new' where id = 8; delete from t where id = 9;
    insert into t values (9000, null, null, 'k')`);
    await database.sql(`
    update texts set t = 'y' where ctid = (select min(ctid) from texts where t = 'x'); delete from texts where t is null;
    alter table renamed rename b to c; update renamed set a = 2;
  `);
    const result = await dbbackup(
      "compare",
      database.url,
      `latest:${name}`,
      "--repo",
      repository.folder,
      "--json",
      "--show-values",
      "--limit-rows",
      "10",
    );
    const document = JSON.parse(result.stdout);
    const found = new Map(document.data_differences.map((one: { object: string }) => [one.object, one]));
    if (format === "plain") {
      expect(document.notes).toEqual(expect.arrayContaining([expect.stringContaining("not of scripts")]));
      return;
    }
    expect(document.notes).toEqual(
      expect.arrayContaining([expect.stringContaining("table public.renamed: its columns are not those")]),
    );
    expect(found.get("table public.texts")).toMatchObject({ a_rows: 4, b_rows: 5 });
    const keysOf = (table: string): string[] =>
      (found.get(table) as { samples: { key: string; in: string }[] }).samples
        .map((one) => `${one.key} ${one.in}`)
        .toSorted();
    expect(keysOf("table public.texts")).toEqual(["() b", "(x) b", "(y) a"]);
    expect(keysOf("table public.t")).toEqual(
      ["(k,9000) a", "(k7,7) both", "(k8,8) both", "(k9,9) b"].map(inColumnOrder).toSorted(),
    );
    const changed = (found.get("table public.t") as { samples: { key: string; values: unknown }[] }).samples;
    expect(changed.find(({ key }) => key === "(7,k7)")?.values).toEqual([{ column: "vä l", a: "", b: null }]);
    expect(changed.find(({ key }) => key === "(8,k8)")?.values).toEqual([
      { column: "vä l", a: "new", b: "tab\t back\\ line\n8" },
      { column: "n", a: "0", b: "1.1428571428571429" },
    ]);
    expect(document.data_differences).toHaveLength(3);
  },
);

/** Keys are told in the order of the table's columns. */
function inColumnOrder(key: string): string {
  return key.replace(/^\((\w+),(\d+)\)/, "($2,$1)");
}
