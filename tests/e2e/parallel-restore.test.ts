import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseContents } from "../helpers/database-contents.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { withRoles } from "../helpers/test-roles.ts";

/** Tables that refer to each other and are locked in all directions while they are restored. */
const tangled = `
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  DO $$ BEGIN
    FOR n IN 1..12 LOOP
      EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, other int, a text NOT NULL, b text UNIQUE)', n);
      EXECUTE format('INSERT INTO t%s SELECT i, 1 + i %% 50, md5(i::text), i || ''-b'' FROM generate_series(1, %s) i', n, 200 * n);
      EXECUTE format('CREATE UNIQUE INDEX t%1$s_replica ON t%1$s (a)', n);
      EXECUTE format('ALTER TABLE t%1$s REPLICA IDENTITY USING INDEX t%1$s_replica', n);
      EXECUTE format('CREATE INDEX ON t%s (other)', n);
      EXECUTE format('CREATE INDEX ON t%s (lower(a))', n);
      EXECUTE format('CREATE TRIGGER touch BEFORE UPDATE ON t%s FOR EACH ROW EXECUTE FUNCTION touch()', n);
    END LOOP;
    FOR n IN 1..12 LOOP
      FOR m IN 1..12 LOOP
        EXECUTE format('ALTER TABLE t%s ADD CONSTRAINT to_%s FOREIGN KEY (other) REFERENCES t%s', n, m, m);
      END LOOP;
    END LOOP;
  END $$;
  CREATE TABLE parted (id int, x text) PARTITION BY RANGE (id);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000);
  CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (1000) TO (2000);
  ALTER TABLE parted ADD PRIMARY KEY (id);
  CREATE INDEX ON parted (x);
  INSERT INTO parted SELECT i, md5(i::text) FROM generate_series(1, 1999) i;
  ALTER TABLE parted ADD FOREIGN KEY (id) REFERENCES t12;
  CREATE MATERIALIZED VIEW m1 AS SELECT * FROM t1 JOIN parted USING (id);
  CREATE MATERIALIZED VIEW m2 AS SELECT count(*) AS n FROM m1;
  CREATE UNIQUE INDEX ON m1 (id);
  SELECT lo_from_bytea(0, decode(md5(i::text), 'hex')) FROM generate_series(1, 30) i;`;

let source: TestDatabase;
let folder: { readonly path: string } & AsyncDisposable;
beforeAll(async () => {
  source = await withDatabase(await sharedServer(18));
  await source.sql(tangled);
  folder = await withTemporaryFolder();
  for (const format of ["custom", "directory", "tar", "plain"]) {
    const output = `--output=${join(folder.path, format)}`;
    await mustDbbackup(["backup", "single", source.name, `--url=${source.url}`, `--format=${format}`, output]);
  }
});
afterAll(async () => {
  await source?.drop();
  await folder?.[Symbol.asyncDispose]();
});

function restoreArgs(archive: string, target: TestDatabase, ...more: string[]): string[] {
  return ["restore", "single", archive, `--target=${target.name}`, `--url=${target.url}`, ...more];
}

test.each(["custom", "directory", "tar"])("eight sessions restore tables that lock each other: %s", async (format) => {
  const expected = await databaseContents(source.server, source.name);
  await using target = await withDatabase(source.server);
  const { stdout } = await mustDbbackup(restoreArgs(join(folder.path, format), target, "--jobs=8", "--json"));
  const { result } = JSON.parse(stdout.toString()) as { result: Record<string, unknown> };
  expect(result).toMatchObject({ failed: 0, warnings: [], largeObjects: 30 });
  expect(await databaseContents(source.server, target.name)).toEqual(expected);
  expect(await target.sql("SELECT n FROM m2")).toEqual(await source.sql("SELECT n FROM m2"));
});

test("several sessions restore an archive of stock pg_dump -j, which knows no order of its data", async () => {
  const theirs = join(folder.path, "theirs");
  await stock(18).must("pg_dump", ["-Fd", "-j4", `--file=${theirs}`, source.url]);
  await using target = await withDatabase(source.server);
  await mustDbbackup(restoreArgs(theirs, target, "--jobs=4"));
  expect(await databaseContents(source.server, target.name)).toEqual(
    await databaseContents(source.server, source.name),
  );
});

test("several sessions keep what only the order of the archive tells: ours and stock pg_dump's", async () => {
  await using odd = await withDatabase(source.server);
  await odd.sql(`
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE top (a int, b int) PARTITION BY LIST (a);
    CREATE TABLE middle PARTITION OF top FOR VALUES IN (1) PARTITION BY LIST (b);
    CREATE TABLE under PARTITION OF middle DEFAULT;
    INSERT INTO top SELECT 1, generate_series(1, 2000);
    CREATE TRIGGER "the root's" AFTER INSERT ON top FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TRIGGER plain AFTER INSERT ON top FOR EACH ROW EXECUTE FUNCTION touch();
    ALTER TABLE under ENABLE ALWAYS TRIGGER "the root's", DISABLE TRIGGER plain;
    CREATE TABLE target (a int PRIMARY KEY);
    ALTER TABLE top ADD CONSTRAINT every FOREIGN KEY (a) REFERENCES target NOT VALID;
    ALTER TABLE under ADD CONSTRAINT own FOREIGN KEY (a) REFERENCES target ON DELETE CASCADE NOT ENFORCED;
    CREATE MATERIALIZED VIEW m1 AS SELECT count(*) AS n, pg_sleep(0.3) IS NULL AS slow FROM top;
    CREATE FUNCTION read_m1() RETURNS bigint LANGUAGE sql AS 'SELECT max(n) FROM public.m1';
    CREATE MATERIALIZED VIEW m2 AS SELECT read_m1() AS n;
    CREATE FUNCTION read_m2() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT n FROM public.m2); END';
    CREATE MATERIALIZED VIEW m3 AS SELECT read_m2() AS n`);
  const expected = await databaseContents(odd.server, odd.name);
  const [ours, theirs] = ["odd.dump", "odd.stock"].map((name) => join(folder.path, name));
  await mustDbbackup(["backup", "single", odd.name, `--url=${odd.url}`, `--output=${ours}`]);
  await stock(18).must("pg_dump", ["-Fc", `--file=${theirs}`, odd.url]);
  for (const archive of [ours!, theirs!]) {
    await using target = await withDatabase(source.server);
    await mustDbbackup(restoreArgs(archive, target, "--jobs=4"));
    expect(await databaseContents(odd.server, target.name)).toEqual(expected);
  }
  const list = await stock(18).must("pg_restore", ["--list", "--verbose", ours!]);
  const rootsId = /^(\d+); .* TRIGGER public top plain /m.exec(list.stdout.toString())![1]!;
  expect(list.stdout.toString()).toMatch(new RegExp(`TRIGGER public under plain .*\\n;\tdepends on:.* ${rootsId}\\n`));
});

test("one failure stops all sessions: status 1, the object named, the created database dropped", async () => {
  const archive = join(folder.path, "failing.dump");
  await using broken = await withDatabase(source.server);
  await broken.sql(`
    CREATE TABLE slow AS SELECT i, md5(i::text) AS h FROM generate_series(1, 300000) i;
    CREATE INDEX ON slow (h);
    CREATE FUNCTION fails(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
    CREATE TABLE quick AS SELECT 1 AS i;
    CREATE INDEX quick_i ON quick (fails(i));
    CREATE OR REPLACE FUNCTION fails(int) RETURNS int IMMUTABLE LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'fails here'; END $$;`);
  await mustDbbackup(["backup", "single", broken.name, `--url=${broken.url}`, `--output=${archive}`]);
  const name = `${broken.name}_new`;
  const url = databaseUrl(source.server, "postgres");
  const { status, stderr } = await dbbackup([
    "restore",
    "single",
    archive,
    `--target=${name}`,
    "--create",
    `--url=${url}`,
    "--jobs=4",
  ]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/restoring INDEX "public\.quick_i" failed: .*fails here/);
  expect(stderr).toMatch(/was dropped again/);
  expect(await source.sql(`SELECT datname FROM pg_database WHERE datname = '${name}'`)).toEqual([]);

  await using partly = await withDatabase(source.server);
  const going = await dbbackup(restoreArgs(archive, partly, "--on-error=continue", "--jobs=4", "--json"));
  expect(going.status).toBe(3);
  const { result } = JSON.parse(going.stdout.toString()) as { result: { failures: { object: string }[] } };
  expect(result.failures.map(({ object }) => object)).toEqual(['INDEX "public.quick_i"']);
  expect(await partly.sql("SELECT count(*) AS n FROM pg_indexes WHERE tablename = 'slow'")).toEqual([{ n: "1" }]);
});

test.each(["--jobs=1", "--jobs=4"])("rows that could not be loaded are not counted as restored: %s", async (jobs) => {
  await using broken = await withDatabase(source.server);
  await broken.sql(`
    CREATE TABLE good AS SELECT repeat('g', 99) AS x FROM generate_series(1, 10);
    CREATE TABLE bad (x text, CHECK (current_database() = '${broken.name}'));
    INSERT INTO bad SELECT repeat('b', 99) FROM generate_series(1, 10000);`);
  const archive = join(folder.path, `uncounted-${jobs}.dump`);
  await mustDbbackup(["backup", "single", broken.name, `--url=${broken.url}`, `--output=${archive}`]);
  await using target = await withDatabase(source.server);
  const { status, stdout } = await dbbackup(restoreArgs(archive, target, "--on-error=continue", jobs, "--json"));
  expect(status).toBe(3);
  const { result } = JSON.parse(stdout.toString()) as { result: Record<string, unknown> };
  expect(result).toMatchObject({ rows: 10, bytes: 1000, failed: 1 });
});

test("a role with one session restores with it, and is told", async () => {
  await using roles = await withRoles(source.server, ["parallel_restore_one"]);
  const [role] = roles.quoted;
  await source.sql(`ALTER ROLE ${role} LOGIN SUPERUSER`);
  await using target = await withDatabase(source.server);
  // Nobody but a superuser restores this database, and no connection limit holds for superusers: the database's does.
  await target.sql(`ALTER DATABASE ${target.name} CONNECTION LIMIT 1; ALTER ROLE ${role} NOSUPERUSER`);
  await using simple = await withDatabase(source.server);
  await simple.sql("CREATE TABLE a AS SELECT 1 AS x; CREATE TABLE b AS SELECT 2 AS x; CREATE INDEX ON a (x)");
  const archive = join(folder.path, "simple.dump");
  await mustDbbackup(["backup", "single", simple.name, `--url=${simple.url}`, `--output=${archive}`]);
  await target.sql(`GRANT ALL ON DATABASE ${target.name} TO ${role}; GRANT ALL ON SCHEMA public TO ${role}`);
  const url = target.url.replace("postgres@", `${role!.replaceAll('"', "")}@`);
  const how = ["--no-owner", "--no-privileges", "--jobs=4", "--confirm"];
  const { status, stderr } = await dbbackup([
    "restore",
    "single",
    archive,
    `--target=${target.name}`,
    `--url=${url}`,
    ...how,
  ]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/restored with 1 of \d sessions/) });
  expect(await target.sql("SELECT x FROM b")).toEqual([{ x: "2" }]);
});

test.each([
  ["--jobs and --single-transaction", "custom", ["--single-transaction"], /--jobs and --single-transaction exclude/],
  ["--jobs for a script", "plain", [], /--jobs cannot be honoured/],
])("%s is refused before anything is touched", async (_, file, more, message) => {
  await using target = await withDatabase(source.server);
  const { status, stderr } = await dbbackup(restoreArgs(join(folder.path, file), target, "--jobs=2", ...more));
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
});

test("--jobs for standard input is refused", async () => {
  await using target = await withDatabase(source.server);
  const input = await readFile(join(folder.path, "custom"));
  const { status, stderr } = await dbbackup(restoreArgs("-", target, "--jobs=2"), { input });
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringMatching(/standard input is read front to back/),
  });
});

test("a killed session ends the restore with an error that names what it did, and the others end too", async () => {
  await using slow = await withDatabase(source.server);
  await slow.sql("CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$");
  for (const name of ["a", "b", "c"]) {
    await slow.sql(`CREATE TABLE ${name} AS SELECT 1 AS i; CREATE INDEX ${name}_i ON ${name} (slow(i))`);
  }
  await slow.sql(`CREATE OR REPLACE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql
    AS $$ BEGIN PERFORM pg_sleep(60); RETURN $1; END $$`);
  const archive = join(folder.path, "slow.dump");
  await mustDbbackup(["backup", "single", slow.name, `--url=${slow.url}`, `--output=${archive}`]);
  await using target = await withDatabase(source.server);
  const sessions = `FROM pg_stat_activity WHERE datname = '${target.name}' AND pid <> pg_backend_pid()`;
  const restoring = dbbackup(restoreArgs(archive, target, "--jobs=3"));
  const working = `SELECT count(*) AS n ${sessions} AND query LIKE 'CREATE INDEX%' AND state = 'active'`;
  while ((await source.sql(working))[0]!.n !== "3") await new Promise((resolve) => setTimeout(resolve, 20));
  await source.sql(`SELECT pg_terminate_backend(pid) ${sessions} AND query LIKE 'CREATE INDEX b_i%'`);
  const { status, stderr } = await restoring;
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(/restoring INDEX "public\.b_i" failed: .*terminating connection.*is incomplete/),
  });
  while ((await source.sql(`SELECT count(*) AS n ${sessions}`))[0]!.n !== "0") {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});
