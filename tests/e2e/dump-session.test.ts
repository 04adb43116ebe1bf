import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dumpSelection } from "../../src/frontends/cli/dump-selection.ts";
import { dumpSession } from "../../src/frontends/cli/dump-session.ts";
import { dumpShape } from "../../src/frontends/cli/dump-shape.ts";
import { createServices } from "../../src/main/services.ts";
import { commandLineOf } from "../helpers/backup-options.ts";
import { connectTo, dumpToMemory, type MemoryDump } from "../helpers/dump-to-memory.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const reader = "dump_session_rôle";
let database: TestDatabase;
/** Of its own: names of roles that other tests make cannot be written in every encoding. */
let server: PostgresServer;

beforeAll(async () => {
  server = await startServer({ major: 18 });
  database = await withDatabase(server);
  await database.sql(`
    CREATE EXTENSION postgres_fdw;
    CREATE TABLE plain (name text, f float8);
    INSERT INTO plain VALUES ('Ünïcödé', 0.1::float8 + 0.2), ('x', 1e22);
    COMMENT ON TABLE plain IS 'größe';
    CREATE TABLE "tablé" (p int, x text) PARTITION BY LIST (p);
    CREATE TABLE part_1 PARTITION OF "tablé" FOR VALUES IN (1);
    INSERT INTO "tablé" VALUES (1, 'é');
    CREATE TABLE guarded (owner name, t text);
    INSERT INTO guarded VALUES ('${reader}', 'mine'), ('other', 'not mine');
    ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON guarded USING (owner = CURRENT_USER);
    CREATE ROLE "${reader}";
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${reader}";
    CREATE DOMAIN score AS numeric(9, 2); CREATE DOMAIN flag AS bool;
    CREATE TABLE kinds (id int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (n * 2) STORED, n int, s score, b bit(3),
      v varbit, ok flag, t text, by bytea, r real, o oid, d date, a int[], j json);
    INSERT INTO kinds (n, s, b, v, ok, t, by, r, o, d, a, j) VALUES
      (1, 1.5, B'101', B'', true, E'it''s\\ a\ttab\nline', '\\x00ff', 'NaN', 7, '2020-02-29', '{1,NULL}', '{"a": "\\\\"}'),
      (-2, 'NaN', NULL, B'1', false, '', '', '-Infinity', NULL, 'infinity', '{}', NULL), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    CREATE TABLE no_columns (); INSERT INTO no_columns DEFAULT VALUES; INSERT INTO no_columns DEFAULT VALUES;
    CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '${database.server.port}', dbname '${database.name}');
    CREATE USER MAPPING FOR postgres SERVER loop OPTIONS (user 'postgres');
    CREATE FOREIGN TABLE far (name text) SERVER loop OPTIONS (table_name 'plain');
    INSERT INTO plain SELECT repeat('x', 100), 1 FROM generate_series(1, 3000)`);
});

afterAll(async () => {
  await server.stop();
});

async function dump(...args: string[]): Promise<MemoryDump> {
  const options = commandLineOf(args);
  return await dumpToMemory(database.server, database.name, {
    format: "plain",
    restrictKey: "k",
    shape: dumpShape(options),
    session: dumpSession(options),
    selection: await dumpSelection(options, createServices()),
    ...(args.includes("--jobs=3") ? { jobs: 3, splitLargerThan: 8192 } : {}),
  });
}

function lines(script: Buffer): string[] {
  const all = script.toString("latin1").split("\n");
  return all.filter((line) => !line.startsWith("-- Dumped "));
}

test.each([
  [["--encoding=LATIN1"]],
  [["-E", "latin9", "-t", "tabl*"]],
  [["--extra-float-digits=0", "-t", "plain"]],
  [["--load-via-partition-root"]],
  [["--inserts"]],
  [["--column-inserts", "--rows-per-insert=7", "--on-conflict-do-nothing"]],
  [["--rows-per-insert=1000", "-a"]],
  [["--include-foreign-data=lo*", "-t", "far"]],
  [["--role=dump_session_rôle", "-t", "plain"]],
  [["--role=dump_session_rôle", "--enable-row-security", "-t", "guarded"]],
  [["--serializable-deferrable", "--lock-wait-timeout=5s"]],
])("%j gives stock pg_dump's script", async (args) => {
  const { stdout } = await stock(18).must("pg_dump", ["-d", database.url, "--restrict-key=k", ...args]);
  expect(lines((await dump(...args)).bytes)).toEqual(lines(stdout));
});

test("stock pg_restore prints the statements of an archive as stock pg_dump does", async () => {
  await using folder = await withTemporaryFolder();
  const file = join(folder.path, "inserts.dump");
  const options = commandLineOf(["--column-inserts"]);
  const { bytes } = await dumpToMemory(database.server, database.name, { shape: dumpShape(options) });
  writeFileSync(file, bytes);
  const printed = await stock(18).must("pg_restore", ["--restrict-key=k", "-f", "-", file]);
  const dumped = await stock(18).must("pg_dump", ["--restrict-key=k", "-d", database.url, "--column-inserts"]);
  expect(lines(printed.stdout)).toEqual(lines(dumped.stdout));
});

test("all connections have the role, the encoding and the snapshot", async () => {
  const args = ["--role=dump_session_rôle", "--encoding=LATIN1", "-t", "plain"];
  const one = await dump(...args);
  const three = await dump(...args, "--jobs=3");
  expect(three.bytes.equals(one.bytes)).toBe(true);
  expect(three.result).toMatchObject({ encoding: "LATIN1", tables: one.result.tables });
});

test("a snapshot that somebody else holds is read", async () => {
  await using holder = await connectTo(database.server, database.name);
  await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  const { rows } = await holder.query("SELECT pg_export_snapshot()");
  await database.sql("INSERT INTO plain VALUES ('later', 0)");
  for (const jobs of [[], ["--jobs=3"]]) {
    const { bytes } = await dump(`--snapshot=${rows[0]![0]}`, "-t", "plain", ...jobs);
    expect(bytes.toString("latin1")).not.toContain("later");
  }
  expect((await dump("-t", "plain")).bytes.toString("latin1")).toContain("later");
});

test("a locked table is waited for as long as was said", async () => {
  await using holder = await connectTo(database.server, database.name);
  await holder.query("BEGIN; LOCK TABLE guarded");
  await expect(dump("--lock-wait-timeout=200")).rejects.toThrow('the tables could not be locked within "200"');
  await expect(dump("--lock-wait-timeout=never")).rejects.toThrow("invalid value for parameter");
});

test.each([
  [["--role=dump_session_none"], /role "dump_session_none" does not exist/],
  [["--role=dump_session_rôle", "-t", "guarded"], /row-level security/],
  [["--encoding=SJIS"], /encoding "SJIS", which is for clients only/],
  [["--encoding=nope"], /invalid value for parameter "client_encoding"/],
  [["--snapshot=00000000-1"], /snapshot/],
  [["--include-foreign-data=none"], /no foreign servers match the pattern "none"/],
])("refuses %j", async (args, message) => {
  await expect(dump(...args)).rejects.toThrow(message);
});
