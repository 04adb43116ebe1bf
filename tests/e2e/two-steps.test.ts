import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseContents } from "../helpers/database-contents.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** Constraints of all forms, on tables with rows. */
const content = `
  CREATE TABLE a (id int, b int, c text, d int, at int4range);
  INSERT INTO a SELECT i, i, md5(i::text), i, int4range(i, i + 1) FROM generate_series(1, 3000) i;
  ALTER TABLE a ADD PRIMARY KEY (id);
  ALTER TABLE a CLUSTER ON a_pkey;
  ALTER TABLE a ADD CONSTRAINT "a, ""b""" UNIQUE NULLS NOT DISTINCT (b) INCLUDE (d) WITH (fillfactor = 70);
  ALTER TABLE a ALTER b SET NOT NULL;
  ALTER TABLE a REPLICA IDENTITY USING INDEX "a, ""b""";
  ALTER TABLE a ADD UNIQUE (c) DEFERRABLE INITIALLY DEFERRED;
  ALTER TABLE a ADD EXCLUDE USING gist (at WITH &&);
  COMMENT ON CONSTRAINT a_pkey ON a IS 'the key';
  COMMENT ON INDEX a_pkey IS 'its index';
  CREATE INDEX ON a (c); CREATE INDEX ON a (d, b);
  CREATE TABLE "B c" (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE DEFERRABLE, up int REFERENCES "B c");
  INSERT INTO "B c" SELECT i, i, 1 FROM generate_series(1, 3000) i;
  ALTER TABLE "B c" ADD FOREIGN KEY (a) REFERENCES a (b) MATCH FULL ON UPDATE SET NULL;
  ALTER TABLE "B c" ADD CONSTRAINT later FOREIGN KEY (a) REFERENCES a NOT VALID;
  CREATE TABLE p (id int, x int, PRIMARY KEY (id), FOREIGN KEY (x) REFERENCES a) PARTITION BY RANGE (id);
  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (2000);
  CREATE TABLE p2 PARTITION OF p DEFAULT;
  INSERT INTO p SELECT i, i FROM generate_series(1, 3000) i;
  ALTER TABLE a ADD CONSTRAINT to_p FOREIGN KEY (d) REFERENCES p;
  CREATE TABLE t (id int, at int4range, PRIMARY KEY (id, at WITHOUT OVERLAPS));
  INSERT INTO t SELECT i, int4range(i, i + 1) FROM generate_series(1, 1000) i;`;

let source: TestDatabase;
let folder: { readonly path: string } & AsyncDisposable;
let archive: string;
beforeAll(async () => {
  source = await withDatabase(await sharedServer(18));
  await source.sql("CREATE EXTENSION btree_gist");
  await source.sql(content);
  folder = await withTemporaryFolder();
  archive = join(folder.path, "whole.dump");
  await backup(source, archive);
});
afterAll(async () => {
  await source?.drop();
  await folder?.[Symbol.asyncDispose]();
});

const backup = (database: TestDatabase, to: string) =>
  mustDbbackup(["backup", "single", database.name, `--url=${database.url}`, `--output=${to}`]);

function restoreArgs(from: string, target: TestDatabase, ...more: string[]): string[] {
  const how = ["--jobs=4", "--split-larger-than=8192"];
  return ["restore", "single", from, `--target=${target.name}`, `--url=${target.url}`, ...how, ...more];
}

/** What stock pg_dump says of a database. */
async function schema({ url }: TestDatabase): Promise<string> {
  const { stdout } = await stock(18).must("pg_dump", ["--schema-only", url]);
  return stdout.toString().replace(/^\\(un)?restrict .*$/gm, "");
}

/** What pg_dump does not tell. */
const inside = `
  SELECT conname, contype, conrelid::regclass::text, convalidated, condeferrable, conparentid <> 0 AS is_child,
    conindid::regclass::text AS index, indisvalid, indimmediate, indisprimary, indisclustered, indisreplident,
    (SELECT string_agg(classid::regclass || ' ' || deptype::text, ', ' ORDER BY classid, deptype)
     FROM pg_depend WHERE (refclassid, refobjid) = ('pg_constraint'::regclass, c.oid) AND classid = 'pg_class'::regclass) AS owned
  FROM pg_constraint c LEFT JOIN pg_index ON indexrelid = conindid
  WHERE connamespace = 'public'::regnamespace ORDER BY 3, 1, 2`;

/** Constraints that another transaction completed than the one which made their index or triggers. */
const inTwo = `
  SELECT relname || ' ' || conname AS name FROM pg_constraint c JOIN pg_class r ON r.oid = conrelid
  WHERE connamespace = 'public'::regnamespace AND (
    contype IN ('p', 'u') AND c.xmin <> (SELECT a.xmin FROM pg_attribute a WHERE attrelid = conindid AND attnum = 1)
    OR contype = 'f' AND EXISTS (SELECT FROM pg_trigger t WHERE tgconstraint = c.oid AND t.xmin <> c.xmin))
  ORDER BY relname COLLATE "C", conname COLLATE "C"`;

test("constraints in two steps are what they are in one", async () => {
  await using target = await withDatabase(source.server);
  await mustDbbackup(restoreArgs(archive, target));
  expect(await schema(target)).toBe(await schema(source));
  expect(await target.sql(inside)).toEqual(await source.sql(inside));
  expect(await target.sql(inTwo)).toEqual([
    { name: "B c B c_a_fkey" },
    { name: "B c B c_a_fkey1" },
    { name: "B c B c_pkey" },
    { name: "B c B c_up_fkey" },
    { name: 'a a, "b"' },
    { name: "a a_pkey" },
    { name: "p1 p1_pkey" },
    { name: "p2 p2_pkey" },
  ]);
  expect(await databaseContents(source.server, target.name)).toEqual(
    await databaseContents(source.server, source.name),
  );
});

test("rows that break a constraint: named as ever, and the constraint is not there", async () => {
  await using broken = await withDatabase(source.server);
  await broken.sql(`
    CREATE TABLE a (id int, u int); CREATE TABLE b (a int);
    INSERT INTO a SELECT i, i FROM generate_series(1, 3000) i; INSERT INTO b SELECT i FROM generate_series(1, 3001) i;
    ALTER TABLE a ADD PRIMARY KEY (id); ALTER TABLE a ADD UNIQUE (u);
    ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a NOT VALID;
    UPDATE pg_constraint SET convalidated = true WHERE conname = 'b_a_fkey';
    UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'a_u_key'::regclass`);
  await broken.sql("INSERT INTO a VALUES (5000, 1)");
  await broken.sql("UPDATE pg_index SET indisready = true, indisvalid = true WHERE indexrelid = 'a_u_key'::regclass");
  const from = join(folder.path, "broken.dump");
  await backup(broken, from);
  await using target = await withDatabase(source.server);
  const { status, stdout } = await dbbackup(restoreArgs(from, target, "--on-error=continue", "--json"));
  expect(status).toBe(3);
  const { result } = JSON.parse(stdout.toString()) as { result: { failures: { object: string; message: string }[] } };
  const failures = result.failures.toSorted((x, y) => (x.object < y.object ? -1 : 1));
  expect(failures).toEqual([
    expect.objectContaining({
      object: 'CONSTRAINT "public.a a_u_key"',
      message: expect.stringMatching(/could not create unique index "a_u_key"; .*\(1\) is duplicated/s),
    }),
    expect.objectContaining({
      object: 'FK CONSTRAINT "public.b b_a_fkey"',
      message: expect.stringMatching(/violates foreign key constraint "b_a_fkey"; .*\(3001\) is not present/s),
    }),
  ]);
  expect(
    await target.sql(
      "SELECT conname FROM pg_constraint WHERE contype <> 'n' AND connamespace = 'public'::regnamespace",
    ),
  ).toEqual([{ conname: "a_pkey" }]);
  expect(await target.sql("SELECT count(*) AS n FROM pg_class WHERE relname = 'a_u_key'")).toEqual([{ n: "0" }]);
});
