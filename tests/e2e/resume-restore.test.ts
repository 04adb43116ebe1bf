import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DatabaseContents, databaseContents } from "../helpers/database-contents.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { connectTo } from "../helpers/dump-to-memory.ts";
import { killedOften, killedRestore } from "../helpers/interrupted-restore.ts";
import { startServer } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { withRoles } from "../helpers/test-roles.ts";

/**
 * One large table and small ones that refer to each other, all that holds rows or values, hostile names, an event trigger
 * that lets nobody drop anything, and a trigger that doubles rows when it exists too early.
 */
const content = `
  CREATE TABLE big (id int, t text);
  INSERT INTO big SELECT i, repeat(md5(i::text), 3) FROM generate_series(1, 12000) i;
  ALTER TABLE big ADD PRIMARY KEY (id);
  CREATE INDEX ON big (t);
  DO $$ BEGIN
    FOR n IN 1..25 LOOP
      EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, other int, a text)', n);
      EXECUTE format('INSERT INTO t%s SELECT i, 1 + i %% 50, md5(i::text) FROM generate_series(1, %s) i', n, 60 + 10 * n);
      EXECUTE format('CREATE INDEX ON t%s (a)', n);
      EXECUTE format('ALTER TABLE t%s ADD FOREIGN KEY (other) REFERENCES t1', n);
    END LOOP;
  END $$;
  CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF pg_trigger_depth() = 1 THEN INSERT INTO t2 SELECT NEW.id + 1000000, 1, 'twice'; END IF; RETURN NEW; END $$;
  CREATE TRIGGER twice BEFORE INSERT ON t2 FOR EACH ROW EXECUTE FUNCTION twice();
  CREATE UNLOGGED TABLE brief AS SELECT i FROM generate_series(1, 1000) i;
  CREATE SEQUENCE counting; SELECT setval('counting', 4711);
  CREATE TABLE parted (id int, x text) PARTITION BY RANGE (id);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
  CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200);
  INSERT INTO parted SELECT i, md5(i::text) FROM generate_series(1, 199) i;
  CREATE SCHEMA "o'dd \\ ""schema""; -- ";
  CREATE TABLE "o'dd \\ ""schema""; -- "."ta'ble
; DROP TABLE big; --" AS SELECT * FROM big WHERE id < 3000;
  COMMENT ON TABLE big IS 'large';
  GRANT SELECT ON big TO PUBLIC;
  CREATE MATERIALIZED VIEW seen AS SELECT count(*) AS n FROM big JOIN t1 USING (id);
  SELECT lo_from_bytea(0, decode(repeat(md5(i::text), 100), 'hex')) FROM generate_series(1, 20) i;
  CREATE FUNCTION keep() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nobody drops anything'; END $$;
  CREATE EVENT TRIGGER keep ON sql_drop EXECUTE FUNCTION keep();
  COMMENT ON EVENT TRIGGER keep IS 'kept';`;

let source: TestDatabase;
let expected: DatabaseContents;
let folder: { readonly path: string } & AsyncDisposable;
const formats = ["custom", "directory", "tar"] as const;
beforeAll(async () => {
  source = await withDatabase(await sharedServer(18));
  await source.sql(content);
  expected = await databaseContents(source.server, source.name);
  folder = await withTemporaryFolder();
  for (const format of formats) await backup(source, format, `--format=${format}`);
});
afterAll(async () => {
  await source?.drop();
  await folder?.[Symbol.asyncDispose]();
});

async function backup(database: TestDatabase, name: string, ...args: string[]): Promise<string> {
  const output = join(folder.path, name);
  await mustDbbackup(["backup", "single", database.name, `--url=${database.url}`, `--output=${output}`, ...args]);
  return output;
}

const archive = (format: string): string => join(folder.path, format);

async function expectRestored(target: TestDatabase): Promise<void> {
  expect(await databaseContents(target.server, target.name)).toEqual(expected);
}

function restoreArgs(target: TestDatabase, ...args: string[]): string[] {
  return ["restore", "single", ...args, `--target=${target.name}`, `--url=${target.url}`];
}

async function expectRefused(args: readonly string[], message: RegExp): Promise<void> {
  const { status, stderr } = await dbbackup(args);
  expect(stderr).toMatch(message);
  expect(status).toBe(1);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(10);
}

/** Entries that the journal of a target holds. */
async function noted(target: TestDatabase): Promise<number[]> {
  return (await target.sql("SELECT entry FROM dbbackup_restore_journal.done")).map(({ entry }) => Number(entry));
}

test.each([
  ["custom", ["--jobs=1"]],
  ["directory", ["--jobs=4", "--split-larger-than=8192"]],
])("killed with -9 again and again, and resumed: %s %j", async (format, options) => {
  await using target = await withDatabase(source.server);
  const kills = await killedOften(target, [archive(format), ...options], { seed: format.length, most: 7 });
  expect(kills).toBeGreaterThan(4);
  await expectRestored(target);
});

test("killed while it drops what --clean drops, and resumed", async () => {
  await using target = await withDatabase(source.server);
  const args = [archive("custom"), "--jobs=2", "--clean", "--if-exists", "--confirm"];
  await mustDbbackup(restoreArgs(target, archive("custom")));
  const { status } = await killedRestore(target, [...args, "--resumable"], 110);
  expect(status).toBeNull();
  expect((await noted(target)).some((entry) => entry < 0)).toBe(true);
  expect((await noted(target)).every((entry) => entry < 0)).toBe(true);
  await mustDbbackup(restoreArgs(target, ...args, "--resume"));
  await expectRestored(target);
});

test("a lost connection keeps the database that the run made; what is resumed twice is refused", async () => {
  await using target = await withDatabase(source.server);
  await target.drop();
  const args = restoreArgs(target, archive("custom"), "--create", "--jobs=4", "--split-larger-than=8192");
  const running = dbbackup([...args, "--resumable"]);
  const others = `FROM pg_stat_activity WHERE datname = '${target.name}' AND query LIKE 'COPY public.%'`;
  while ((await source.sql(`SELECT pg_terminate_backend(pid) ${others} LIMIT 1`)).length === 0) await sleep(5);
  const lost = await running;
  expect(lost.status).toBe(1);
  expect(lost.stderr).toContain(`database "${target.name}" is incomplete, and --resume goes on with it`);
  const again = await dbbackup([...args, "--resumable"]);
  expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining("go on with --resume if") });
  const { stdout } = await mustDbbackup([...args, "--resume", "--json"]);
  const { result } = JSON.parse(stdout.toString()) as {
    result: { done: number; doneBefore: number; created: boolean };
  };
  expect(result).toMatchObject({ created: false, failed: 0 });
  expect(result.doneBefore).toBeGreaterThan(30);
  await expectRestored(target);
  await expectRefused([...args, "--resume"], /holds no interrupted restore that can be resumed/);
});

test("an interrupted restore is resumed as it was begun, by nobody beside it, or not at all", async () => {
  await using target = await withDatabase(source.server);
  const begun = ["--no-owner", "--jobs=1"];
  await killedRestore(target, [archive("custom"), "--resumable", ...begun], 120);
  expect((await noted(target)).length).toBeGreaterThan(30);
  const resume = (file: string, ...more: string[]) => restoreArgs(target, file, "--resume", ...more);
  await expectRefused(resume(archive("tar"), ...begun), /is that of another backup/);
  await expectRefused(
    resume(archive("custom"), "--table=big"),
    /other options \(--no-owner was given, --table was not given\)/,
  );
  for (const more of [
    ["--confirm", "--resumable"],
    ["--confirm", "--clean", "--if-exists"],
  ]) {
    await expectRefused(restoreArgs(target, archive("custom"), ...more), /holds a restore that was interrupted/);
  }
  await target.sql("ALTER TABLE big RENAME TO bigger");
  await expectRefused(
    resume(archive("custom"), ...begun),
    /was changed .*: "public.big" had been restored, and is gone/,
  );
  await target.sql("ALTER TABLE bigger RENAME TO big");
  await using beside = await connectTo(target.server, target.name);
  await beside.query("SELECT pg_advisory_lock_shared(1684169313, 1919251316)");
  await expectRefused(resume(archive("custom"), ...begun), /another restore is still at work .*processes \d+\)/);
  await beside[Symbol.asyncDispose]();
  await mustDbbackup(resume(archive("custom"), ...begun));
  await expectRestored(target);
});

test("sessions that committed their part of a table's rows before the first one was lost: no row twice", async () => {
  await using slow = await withDatabase(source.server);
  // Without its gate it would be restored before anybody looks.
  await slow.sql(`
    CREATE FUNCTION passes(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
    CREATE TABLE wide (id int CHECK (passes(id)), t text);
    CREATE TABLE small AS SELECT 1 AS x; CREATE TABLE smaller AS SELECT 1 AS x;
    INSERT INTO wide SELECT i, repeat(md5(i::text), 8) FROM generate_series(1, 30000) i;
    CREATE OR REPLACE FUNCTION passes(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
      $$ BEGIN IF $1 % 1000 = 0 THEN PERFORM pg_advisory_xact_lock_shared(4711); END IF; RETURN true; END $$;`);
  const file = await backup(slow, "slow.dump", "--compression=none");
  await using target = await withDatabase(source.server);
  const args = [file, "--jobs=3", "--split-larger-than=8192"];
  await using gatekeeper = await connectTo(target.server, target.name);
  await gatekeeper.query("SELECT pg_advisory_lock(4711)");
  const running = dbbackup(restoreArgs(target, ...args, "--resumable"));
  const copying = `SELECT FROM pg_stat_activity WHERE datname = '${target.name}' AND query LIKE 'COPY public.wide%'`;
  await until(async () => (await source.sql(copying)).length > 1);
  await using holder = await connectTo(target.server, target.name);
  await holder.query("BEGIN; LOCK TABLE dbbackup_restore_journal.done");
  await gatekeeper.query("SELECT pg_advisory_unlock(4711)");
  const waiting = "query LIKE 'INSERT INTO dbbackup_restore_journal.done%' AND wait_event_type = 'Lock'";
  const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${target.name}' AND ${waiting}`;
  await until(async () => (await source.sql(end)).length > 0);
  expect((await running).status).toBe(1);
  await holder.query("COMMIT");
  const [row] = await target.sql("SELECT count(*) AS n FROM wide");
  expect(Number(row!.n)).toBeGreaterThan(0);
  expect(Number(row!.n)).toBeLessThan(30000);
  await mustDbbackup(restoreArgs(target, ...args, "--resume"));
  expect(await databaseContents(target.server, target.name)).toEqual(await databaseContents(slow.server, slow.name));
});

test("an error is solved and the restore resumed; halves of constraints of a run with more sessions are no obstacle", async () => {
  await using target = await withDatabase(source.server);
  const args = restoreArgs(target, archive("custom"), "--jobs=1", "--confirm");
  await target.sql("CREATE VIEW t9_pkey AS SELECT 1");
  await expectRefused([...args, "--resumable"], /CONSTRAINT "public\.t9 t9_pkey" failed: .*exists.* --resume goes on/);
  await target.sql(`DROP VIEW t9_pkey; CREATE UNIQUE INDEX t9_pkey ON t9 (id);
    ALTER TABLE t9 ADD CONSTRAINT t9_other_fkey FOREIGN KEY (other) REFERENCES t1 NOT VALID`);
  await mustDbbackup([...args, "--resume"]);
  await expectRestored(target);
});

test("a crash of the server empties unlogged tables: their rows come again", async () => {
  await using server = await startServer({ major: 18 });
  await using target = await withDatabase(server);
  await killedRestore(target, [archive("custom"), "--resumable", "--jobs=1"], 330);
  expect(await target.sql("SELECT count(*) AS n FROM brief")).toEqual([{ n: "1000" }]);
  await server.restart("immediate");
  expect(await target.sql("SELECT count(*) AS n FROM brief")).toEqual([{ n: "0" }]);
  await mustDbbackup(restoreArgs(target, archive("custom"), "--resume"));
  await expectRestored(target);
});

test("what somebody else has put in the place of the journal is neither believed nor written to", async () => {
  await using roles = await withRoles(source.server, ["resume_other"]);
  await using target = await withDatabase(source.server);
  const resume = restoreArgs(target, archive("custom"), "--resume");
  await target.sql("CREATE SCHEMA dbbackup_restore_journal");
  await expectRefused(resume, /not the journal of a restore that this version of dbbackup knows/);
  const begin = restoreArgs(target, archive("custom"), "--resumable", "--confirm");
  await expectRefused(begin, /the database has a schema "dbbackup_restore_journal" already/);
  await target.sql("DROP SCHEMA dbbackup_restore_journal");
  await killedRestore(target, [archive("custom"), "--resumable"], 120);
  await target.sql(`ALTER TABLE dbbackup_restore_journal.done OWNER TO ${roles.quoted[0]}`);
  await expectRefused(resume, /not the journal of a restore/);
  for (const table of ["run", "shared", "uncrashed"]) {
    await target.sql(`ALTER TABLE dbbackup_restore_journal.${table} OWNER TO ${roles.quoted[0]}`);
  }
  await target.sql(`ALTER SCHEMA dbbackup_restore_journal OWNER TO ${roles.quoted[0]}`);
  await expectRefused(resume, /the restore was begun by role "resume_other"/);
});

test("what cannot be resumed is refused before anything is touched", async () => {
  await using target = await withDatabase(source.server);
  const script = await backup(source, "plain", "--format=plain");
  const refused: [string[], RegExp][] = [
    [[archive("custom"), "--resumable", "--single-transaction"], /--resumable and --single-transaction exclude/],
    [[archive("custom"), "--resume", "--on-error=continue"], /--resume and --on-error continue exclude/],
    [[archive("custom"), "--resumable", "--use-set-session-authorization"], /exclude each other/],
    [[script, "--resumable"], /--resumable cannot be honoured: an SQL script runs as it is/],
    [["-", "--resume"], /--resume needs a backup that can be read again/],
  ];
  for (const [args, message] of refused) {
    const input = args[0] === "-" ? { input: await readFile(archive("custom")) } : {};
    const { status, stderr } = await dbbackup(restoreArgs(target, ...args), input);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  }
  await expectRefused(restoreArgs(target, archive("custom"), "--resume"), /holds no interrupted restore/);
  expect(await target.sql("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual([]);
});
