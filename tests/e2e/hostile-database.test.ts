import { existsSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDumpSession } from "../../src/engines/postgres/dump/dump-session.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { connectTo, dumpToMemory } from "../helpers/dump-to-memory.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { readStockToc } from "../helpers/stock-toc.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** Operators and functions of the system's names, which tell who called them. Every session of the database finds them first. */
const TRAPS = `
  CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
  CREATE TABLE evil.log (who text DEFAULT session_user, what text);
  GRANT ALL ON evil.log TO PUBLIC;
  CREATE FUNCTION evil.spring(what text) RETURNS boolean LANGUAGE sql AS 'INSERT INTO evil.log (what) VALUES (what); SELECT true';
  DO $$ DECLARE t text; o text; BEGIN
    FOREACH t IN ARRAY ARRAY['text', 'name', 'oid', 'integer', 'bigint', '"char"'] LOOP
      EXECUTE format('CREATE FUNCTION evil.compare(a %1$s, b %1$s) RETURNS boolean LANGUAGE sql AS ''SELECT evil.spring(''''operator'''')''', t);
      FOREACH o IN ARRAY ARRAY['=', '<>', '>=', '!~', '||'] LOOP
        EXECUTE format('CREATE OPERATOR evil.%2$s (LEFTARG = %1$s, RIGHTARG = %1$s, PROCEDURE = evil.compare)', t, o);
      END LOOP;
    END LOOP;
    FOREACH t IN ARRAY ARRAY['current_database', 'version', 'pg_backend_pid', 'pg_is_in_recovery'] LOOP
      EXECUTE format('CREATE FUNCTION evil.%I() RETURNS text LANGUAGE sql AS ''SELECT evil.spring(''''function'''')::text''', t);
    END LOOP;
    CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT evil.spring(''set_config'')::text';
    EXECUTE format('ALTER DATABASE %I SET search_path = evil, pg_catalog', current_database());
  END $$;`;

test.each([10, 18] as const)(
  "whoever owns a database of PostgreSQL %i runs nothing in the name of others",
  async (major) => {
    const server = await sharedServer(major);
    await using database = await withDatabase(server);
    await using source = await withDatabase(server);
    await using folder = await withTemporaryFolder();
    await source.sql("CREATE TABLE public.t AS SELECT 1 AS i; CREATE VIEW public.v AS SELECT * FROM public.t");
    await database.sql(TRAPS);
    // They do spring.
    await database.sql("SELECT 'a'::text = 'b'::text, current_database()");
    expect(await database.sql("SELECT what FROM evil.log ORDER BY what")).toHaveLength(2);
    await database.sql("TRUNCATE evil.log");

    const repository = ["--repo", folder.path];
    await mustDbbackup(["preflight", database.name, "--url", database.url, ...repository]);
    await mustDbbackup(["backup", "single", database.name, "--url", database.url, ...repository]);
    await dbbackup(["compare", database.url, source.url]);
    for (const format of ["custom", "plain"]) {
      const file = join(folder.path, `source.${format}`);
      await mustDbbackup(["backup", "single", source.name, "--url", source.url, "--format", format, "--output", file]);
      const restore = ["restore", "single", file, "--target", database.name, "--url", database.url];
      await mustDbbackup([...restore, "--dry-run"]);
      await mustDbbackup([...restore, "--confirm"]);
      expect(await source.sql("SELECT count(*) AS n FROM public.t")).toEqual([{ n: "1" }]);
      await database.sql("DROP TABLE public.t CASCADE");
    }
    expect(await database.sql("SELECT who, what FROM evil.log")).toEqual([]);
  },
);

test.each([10, 18] as const)(
  "a table of PostgreSQL %i that becomes a view while the dump waits for it is not read",
  async (major) => {
    const server = await sharedServer(major);
    await using database = await withDatabase(server);
    await database.sql(`
    CREATE TABLE bait (a int); INSERT INTO bait VALUES (1);
    CREATE FUNCTION evil() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil was called'; END $$`);
    await using swapper = await connectTo(server, database.name);
    await swapper.query("BEGIN; LOCK TABLE bait IN ACCESS EXCLUSIVE MODE");
    const dump = dumpToMemory(server, database.name, { archiveVersion: "1.16" });
    await untilWaiting(database);
    await swapper.query("DROP TABLE bait; CREATE VIEW bait AS SELECT evil() AS a; COMMIT");
    const entries = readStockToc((await dump).bytes).filter(({ tag }) => tag === "bait");
    expect(entries.map(({ desc }) => desc)).toEqual(["VIEW"]);
  },
);

test("a session that dumps reads no view and no foreign table, where the server can be told so", async () => {
  const server = await sharedServer(18);
  await using database = await withDatabase(server);
  await database.sql("CREATE VIEW v AS SELECT 1 AS a; CREATE TABLE t (a int)");
  await using connection = await connectTo(server, database.name, { text: "binary" });
  const session = await openDumpSession(connection);
  expect(await session.rows("SELECT * FROM public.t")).toEqual([]);
  await expect(session.rows("SELECT * FROM public.v")).rejects.toThrow(/access to non-system view "v" is restricted/);
});

test("foreign tables run nothing when a database is dumped, verified, compared and restored", async () => {
  const server = await sharedServer(18);
  await using database = await withDatabase(server);
  await using folder = await withTemporaryFolder();
  await chmod(folder.path, 0o777);
  const marker = join(folder.path, "was read");
  await database.sql(`CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
    CREATE TABLE parent (line text); CREATE FOREIGN TABLE heir () INHERITS (parent) SERVER files
      OPTIONS (program 'touch "${marker}"; echo x');
    CREATE TABLE parted (line text) PARTITION BY LIST (line);
    CREATE FOREIGN TABLE part PARTITION OF parted DEFAULT SERVER files OPTIONS (program 'touch "${marker}"');
    CREATE VIEW reads AS SELECT * FROM heir`);
  const file = join(folder.path, "foreign.dump");
  await mustDbbackup(["backup", "single", database.name, "--url", database.url, "--statistics", "--output", file]);
  await mustDbbackup(["verify", file]);
  await using copy = await withDatabase(server);
  await mustDbbackup(["restore", "single", file, "--target", copy.name, "--url", copy.url]);
  await mustDbbackup(["compare", database.url, copy.url]);
  await mustDbbackup(["compare", database.url, file]);
  expect(existsSync(marker)).toBe(false);
  // The trap works.
  await copy.sql("SELECT * FROM heir");
  expect(existsSync(marker)).toBe(true);
});

test("nothing of a backup runs before all of it is there: event triggers, triggers, rules, functions", async () => {
  const server = await sharedServer(18);
  await using database = await withDatabase(server);
  await using folder = await withTemporaryFolder();
  await database.sql(`CREATE TABLE log (what text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES ('trigger'); RETURN NEW; END $$;
    CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES ('event'); END $$;
    CREATE TABLE t (i int); INSERT INTO t VALUES (1), (2);
    CREATE TABLE copied (i int);
    CREATE RULE also AS ON INSERT TO copied DO ALSO INSERT INTO public.log VALUES ('rule'); INSERT INTO copied VALUES (1);
    CREATE TRIGGER note BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();
    ALTER TABLE t ENABLE ALWAYS TRIGGER note;
    CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION on_ddl(); ALTER EVENT TRIGGER watch ENABLE ALWAYS;
    TRUNCATE log`);
  for (const format of ["custom", "plain"]) {
    const file = join(folder.path, `traps.${format}`);
    await mustDbbackup([
      "backup",
      "single",
      database.name,
      "--url",
      database.url,
      "--format",
      format,
      "--output",
      file,
    ]);
    await using copy = await withDatabase(server);
    await mustDbbackup(["restore", "single", file, "--target", copy.name, "--url", copy.url]);
    expect(await copy.sql("SELECT * FROM log")).toEqual([]);
    // They are there, and do something now.
    await copy.sql("INSERT INTO t VALUES (3); INSERT INTO copied VALUES (2); CREATE TABLE more ()");
    expect(await copy.sql("SELECT what FROM log ORDER BY what")).toEqual([
      { what: "event" },
      { what: "rule" },
      { what: "trigger" },
    ]);
  }
});

async function untilWaiting(database: TestDatabase): Promise<void> {
  for (;;) {
    const found = await database.sql(
      `SELECT 1 FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = '${database.name}')`,
    );
    if (found.length > 0) return;
  }
}
