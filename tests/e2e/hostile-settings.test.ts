import { join } from "node:path";
import { expect, test } from "vitest";
import { databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { type ServerAddress, serverSql } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, quoteIdentifier, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** What a database may set for all its sessions, ours too, so that statements fail or mean something else. */
const settings: readonly (readonly [string, string])[] = [
  ["default_transaction_read_only", "on"],
  ["default_transaction_isolation", "serializable"],
  ["default_transaction_deferrable", "on"],
  ["standard_conforming_strings", "off"],
  ["escape_string_warning", "on"],
  ["backslash_quote", "off"],
  ["array_nulls", "off"],
  ["transform_null_equals", "on"],
  ["quote_all_identifiers", "on"],
  ["search_path", "nowhere"],
  ["DateStyle", "German, DMY"],
  ["IntervalStyle", "sql_standard"],
  ["TimeZone", "Asia/Kathmandu"],
  ["bytea_output", "escape"],
  ["xmloption", "document"],
  ["xmlbinary", "hex"],
  ["extra_float_digits", "-15"],
  ["client_min_messages", "debug5"],
  ["statement_timeout", "300ms"],
  ["lock_timeout", "300ms"],
  ["idle_in_transaction_session_timeout", "300ms"],
  ["transaction_timeout", "300ms"],
  ["row_security", "off"],
  ["check_function_bodies", "on"],
  ["session_replication_role", "replica"],
  ["default_tablespace", "pg_global"],
  ["exit_on_error", "on"],
  ["client_encoding", "LATIN1"],
  ["synchronize_seqscans", "on"],
  ["enable_seqscan", "off"],
];

const objects = String.raw`
  CREATE SCHEMA "order";
  CREATE TABLE "order".values (id serial PRIMARY KEY, t text DEFAULT E'back\\slash ''quoted''', a text[] DEFAULT '{NULL,"NULL"}', f float8 DEFAULT 0.1,
    b bytea DEFAULT '\x00ff5c', ts timestamptz DEFAULT '2024-02-03 04:05:06+00', d date DEFAULT '2024-02-03', i interval DEFAULT '-1 day 02:03', x xml, n int CHECK (n IS NOT NULL));
  INSERT INTO "order".values (x, n) SELECT xmlparse(content 'no <b>document</b>'), g FROM generate_series(1, 100) g;
  INSERT INTO "order".values (t, a, f, n) VALUES (E'\\.\t\n\\N', '{{1,NULL},{3,4}}', 1.0::float8 / 3, 0), ('é', NULL, 'NaN', 1);
  CREATE VIEW "order".null_equals AS SELECT id FROM "order".values WHERE t = NULL;
  CREATE FUNCTION "order".f() RETURNS text LANGUAGE sql AS 'SELECT E''\\\\''::text';
  CREATE TABLE "order".child (id int REFERENCES "order".values);
  INSERT INTO "order".child VALUES (1), (2);
  CREATE MATERIALIZED VIEW "order".filled_slowly AS SELECT pg_sleep(0.4)::text AS slow, count(*) AS n FROM "order".values;
  SELECT lo_from_bytea(4711, '\x00ff');`;

async function setAll(server: ServerAddress, database: TestDatabase): Promise<void> {
  const known = await serverSql(server, "SELECT lower(name) AS name FROM pg_settings");
  const names = new Set(known.map(({ name }) => name));
  for (const [name, value] of settings) {
    if (!names.has(name.toLowerCase())) continue;
    const subject = `ALTER DATABASE ${quoteIdentifier(database.name)}`;
    await serverSql(server, `${subject} SET ${name} = ${name === "search_path" ? value : `'${value}'`}`);
  }
}

/** With nothing of the settings: they are tried on the program, not on the harness. */
async function contents(server: ServerAddress, database: string) {
  const [saved] = await serverSql(
    server,
    `SELECT array_to_string(setconfig, E'\\n') AS settings FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
      WHERE d.datname = '${database}' AND s.setrole = 0`,
  );
  await serverSql(server, `ALTER DATABASE ${quoteIdentifier(database)} RESET ALL`);
  return { settings: saved?.settings, contents: await databaseContents(server, database) };
}

test.each([10, 18] as const)(
  "settings of a database of PostgreSQL %i change neither backup nor restore",
  async (major) => {
    const server = await sharedServer(major);
    await using source = await withDatabase(server);
    await using archived = await withDatabase(server);
    await using scripted = await withDatabase(server);
    await using folder = await withTemporaryFolder();
    await source.sql(objects);
    await archived.drop();
    await setAll(server, source);

    const archive = join(folder.path, "a.dump");
    const script = join(folder.path, "a.sql");
    const url = databaseUrl(server, "postgres");
    await mustDbbackup(["backup", "single", source.name, "--url", url, "--output", archive]);
    await mustDbbackup(["backup", "single", source.name, "--url", url, "--format", "plain", "--output", script]);
    await mustDbbackup(["verify", archive, script]);
    await mustDbbackup(["restore", "single", archive, "--target", archived.name, "--create", "--url", url]);
    await setAll(server, scripted);
    await mustDbbackup(["restore", "single", script, "--target", scripted.name, "--url", url]);

    const expected = await contents(server, source.name);
    expect(await contents(server, archived.name)).toEqual(expected);
    expect(await contents(server, scripted.name)).toEqual(expected);
  },
);
