import type { PgConnection } from "../../src/wire/postgres/connection.ts";
import { type DatabaseContents, databaseContents } from "./database-contents.ts";
import { connectTo } from "./dump-to-memory.ts";
import { type TestDatabase, withDatabase } from "./test-database.ts";

/** A large table, empty and small ones, large objects, hostile names, rows as they come from several jobs. */
const content = `
  CREATE TABLE big (id int PRIMARY KEY, t text);
  INSERT INTO big SELECT i, repeat(md5(i::text), 3) FROM generate_series(1, 12000) i;
  DO $$ BEGIN
    FOR n IN 1..12 LOOP
      EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a text)', n);
      EXECUTE format('INSERT INTO t%s SELECT i, md5(i::text) FROM generate_series(1, %s) i', n, 60 + 10 * n);
      EXECUTE format('CREATE TABLE empty%s (id serial PRIMARY KEY, a text)', n);
    END LOOP;
  END $$;
  CREATE SEQUENCE counting; SELECT setval('counting', 4711);
  CREATE TABLE parted (id int, x text) PARTITION BY RANGE (id);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
  CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200);
  INSERT INTO parted SELECT i, md5(i::text) FROM generate_series(1, 199) i;
  CREATE SCHEMA "o'dd \\ ""schema""; -- ";
  CREATE TABLE "o'dd \\ ""schema""; -- "."../ta'ble
; DROP TABLE big; --" AS SELECT * FROM big WHERE id < 3000;
  SELECT lo_from_bytea(0, decode(repeat(md5(i::text), 100 * i), 'hex')) FROM generate_series(1, 12) i;
  SELECT lo_create(0);
  ANALYZE;`;

/** Everything that a snapshot must hide: rows, tables and large objects that come, change and go. */
const changes = `
  UPDATE big SET t = 'later' WHERE id % 3 = 0; DELETE FROM big WHERE id % 5 = 0;
  INSERT INTO t1 SELECT i, 'later' FROM generate_series(10001, 10100) i; DELETE FROM t2; INSERT INTO empty3 VALUES (1, 'later');
  SELECT lo_unlink(max(oid)) FROM pg_largeobject_metadata; SELECT lo_from_bytea(0, 'later');
  CREATE TABLE later AS SELECT 1 AS x; CREATE INDEX later_index ON t3 (a); COMMENT ON TABLE t4 IS 'later';`;

/** A database, what it held when a session took a snapshot, and that session. What the database holds now is something else. */
export interface HeldDatabase extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly expected: DatabaseContents;
  /** Its name, as `--snapshot` takes it. */
  readonly snapshot: string;
  readonly holder: PgConnection;
}

/** Makes a database that somebody changes after a snapshot of it was taken. */
export async function holdDatabase(server: TestDatabase["server"]): Promise<HeldDatabase> {
  const database = await withDatabase(server);
  await database.sql(content);
  const expected = await databaseContents(database.server, database.name);
  const holder = await connectTo(server, database.name);
  const snapshot = await exportSnapshot(holder);
  await database.sql(changes);
  return {
    database,
    expected,
    snapshot,
    holder,
    async [Symbol.asyncDispose]() {
      await holder[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}

/** Begins a transaction that holds a snapshot, and names it. */
export async function exportSnapshot(holder: PgConnection): Promise<string> {
  await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  const { rows } = await holder.query("SELECT pg_export_snapshot()");
  return rows[0]![0]!;
}
