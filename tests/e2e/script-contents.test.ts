import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BackupError } from "../../src/core/backup-error.ts";
import { createPostgresRestorer } from "../../src/engines/postgres/postgres-restorer.ts";
import type { RestoreInput, RestoreResult } from "../../src/ports/restore.ts";
import { openTemporarySpool } from "../../src/storage/local/temporary-spool.ts";
import { codec } from "../helpers/codec.ts";
import { databaseContents } from "../helpers/database-contents.ts";
import { memoryObject, memoryStream } from "../helpers/memory-object.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { keptEvents, never, restoreRequest } from "../helpers/restore-request.ts";
import { mustRun } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const restorer = createPostgresRestorer({ codec, openSpool: openTemporarySpool });
let server: ServerAddress;
let target: TestDatabase;
beforeAll(async () => {
  server = await sharedServer(18);
  target = await withDatabase(server);
});
afterAll(() => target?.drop());

async function run(
  script: Buffer | string,
  database = target,
  onError: "stop" | "continue" = "stop",
): Promise<RestoreResult> {
  const bytes = Buffer.from(script);
  const object: RestoreInput = { kind: "object", object: memoryObject(bytes) };
  const stream: RestoreInput = { kind: "stream", stream: memoryStream(bytes, 7) };
  // Cut into small pieces every other time.
  const backup = await restorer.open(bytes.length % 2 === 0 ? object : stream, {});
  const request = restoreRequest(database.server, database.name, { onError });
  return await backup.run(request, keptEvents(), never);
}

async function failure(script: Buffer | string): Promise<BackupError> {
  const error = await run(script).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BackupError) return error;
  throw new Error("it was not refused", { cause: error });
}

const made = "DROP TABLE IF EXISTS t; CREATE TABLE t (a text, b text);\n";

describe("rows of COPY ... FROM stdin in any form", () => {
  const cases: [name: string, copy: string, rows: [string | null, string | null][]][] = [
    [
      "text",
      "COPY t FROM stdin;\na\\tb\t\\N\n\\\\.\tx\n\\.\n",
      [
        ["a\tb", null],
        ["\\.", "x"],
      ],
    ],
    ["no rows", "copy t (b, a) from STDIN;\n\\.\n", []],
    ["text with options", "COPY t FROM stdin WITH (DELIMITER '|', NULL 'nil');\n1|nil\n\\.\n", [["1", null]]],
    ["old words", "COPY t FROM stdin WITH DELIMITER AS ',' NULL AS '';\n1,\n\\.\n", [["1", null]]],
    [
      "CSV",
      'COPY t FROM stdin WITH (FORMAT csv, HEADER);\na,b\n"x ""y"", z",\\N\n1,\n\\.\n',
      [
        ['x "y", z', "\\N"],
        ["1", null],
      ],
    ],
    ["CSV with line ends in values", 'COPY t FROM stdin CSV;\n"one\ntwo\n","a\\"\n\\.\n', [["one\ntwo\n", "a\\"]]],
    [
      "CSV with backslashes",
      "COPY t FROM stdin (FORMAT 'csv', QUOTE '''', ESCAPE '\\');\n'it\\'s',x\\\n\\.\n",
      [["it's", "x\\"]],
    ],
    [
      "Latin 1",
      "SET client_encoding = 'LATIN1';\nCOPY t FROM stdin;\n\u00e4\t\u00df\n\\.\nSET client_encoding = 'UTF8';\n",
      [["ä", "ß"]],
    ],
    ["an encoding of its own", "COPY t FROM stdin WITH (ENCODING 'LATIN1');\n\u00e4\t\u00df\n\\.\n", [["ä", "ß"]]],
    [
      "lines of Windows",
      "COPY t FROM stdin;\r\na\tb\r\nc\td\r\n\\.\r\nSELECT 1;\r\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ["a condition", "COPY t FROM stdin WHERE a <> 'no';\nno\tx\nyes\ty\n\\.\n", [["yes", "y"]]],
  ];

  test.each(cases)("%s", async (_, copy, rows) => {
    const result = await run(Buffer.from(made + copy, "latin1"));
    expect(await target.sql("SELECT a, b FROM t ORDER BY ctid")).toEqual(rows.map(([a, b]) => ({ a, b })));
    expect(result).toMatchObject({ failed: 0, rows: rows.length, warnings: [] });
  });
});

describe("what files hold that were written elsewhere", () => {
  test("lines of Windows, a byte order mark, and a last statement without line end", async () => {
    const script = `\u{feff}-- made elsewhere\r\n${made.replaceAll("\n", "\r\n")}INSERT INTO t\r\n  VALUES ('x', E'a\\r\\nb');\r\n\\restrict key\r\nSELECT 1;\r\n\\unrestrict key\r\nINSERT INTO t VALUES ('y');`;
    await run(script);
    expect(await target.sql("SELECT a FROM t ORDER BY a")).toEqual([{ a: "x" }, { a: "y" }]);
  });

  test("UTF-16 is refused by name", async () => {
    for (const text of [
      Buffer.from("\u{feff}SELECT 1;", "utf16le"),
      Buffer.from("\u{feff}SELECT 1;", "utf16le").swap16(),
    ]) {
      expect(await failure(text)).toMatchObject({ code: "FOREIGN_FILE", message: expect.stringMatching(/UTF-16/) });
    }
  });

  test("tars of something else are named, also compressed ones", async () => {
    const folder = await mkdtemp(join(tmpdir(), "dbbackup-tar-"));
    try {
      // tar fails when what it packs changes: its own file lies elsewhere.
      const packed = join(folder, "packed");
      await mkdir(packed);
      await writeFile(join(packed, "a.sql"), "SELECT 1;");
      for (const flags of ["-cf", "-czf"]) {
        const file = join(folder, `x${flags}.tar`);
        await mustRun("tar", [flags, file, "-C", packed, "."]);
        const said = await failure(await readFile(file));
        expect(said).toMatchObject({
          code: "FOREIGN_FILE",
          message: expect.stringMatching(/not one of pg_dump.*"\.\/"/),
        });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("dollar quotes in dollar quotes, nested comments, strings of all kinds", async () => {
    await run(`${made}/* a /* nested; */ comment; */ CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $a$
      BEGIN EXECUTE $b$ INSERT INTO t VALUES ('; $a', $c$ '$c$); $b$; RETURN 'x''; --'; END $a$;
      SELECT f(); INSERT INTO t VALUES (E'it\\'s;', U&'d\\0061t;a'), ('back\\', $$;$$), ('x'
      'y;', '');
      SET standard_conforming_strings = off; SET escape_string_warning = off; SET backslash_quote = on;
      INSERT INTO t VALUES ('it\\'s; off', 'x'); SET standard_conforming_strings = on;`);
    const rows = await target.sql("SELECT a FROM t ORDER BY ctid");
    expect(rows.map(({ a }) => a)).toEqual(["; $a", "it's;", "back\\", "xy;", "it's; off"]);
  });
});

test("settings of newer versions that the server does not know are left out, others are errors", async () => {
  const settings = [
    "transaction_timeout = 0",
    "idle_session_timeout = 0",
    "default_table_access_method = heap",
    "row_security = off",
  ];
  const script = settings.map((setting) => `SET ${setting};\n`).join("");
  const old = await sharedServer(10);
  await using database = await withDatabase(old);
  const result = await run(script, database);
  expect(result.warnings).toEqual([
    expect.stringMatching(/line 1: .*transaction_timeout/),
    expect.stringMatching(/line 2: .*idle_session_timeout/),
    expect.stringMatching(/line 3: .*default_table_access_method/),
  ]);
  expect(await failure("SET nosuch = 1;\n")).toMatchObject({ code: "SERVER" });
});

test("errors tell the line, the statement and the object, and the count when going on", async () => {
  const script = `${made}\nINSERT INTO t VALUES (1, 2, 3);\nCOPY t FROM stdin (FORMAT csv);\n1,2,3\n\\.\nSELECT 1;\n`;
  const error = await failure(script);
  expect(error).toMatchObject({ message: expect.stringMatching(/^restoring line 3 failed/), sqlState: "42601" });
  expect(error.details).toContain("statement: INSERT INTO t VALUES (1, 2, 3);");
  const result = await run(script, target, "continue");
  expect(result.failures).toMatchObject([
    { object: "line 3", statement: "INSERT INTO t VALUES (1, 2, 3);" },
    { object: "line 4", statement: "COPY t FROM stdin (FORMAT csv);", message: expect.stringMatching(/line 1/) },
  ]);
});

test("a script of pg_dumpall is refused by name", async () => {
  const script =
    "--\n-- PostgreSQL database cluster dump\n--\n\nCREATE ROLE x;\n\\connect template1\nSELECT 1;\n\\connect postgres\nSELECT 2;\n";
  const error = await failure(`${script} `.slice(0, script.length + (script.length % 2)));
  expect(error).toMatchObject({ code: "USAGE", message: expect.stringMatching(/several databases/) });
});

describe("rows as INSERT statements", () => {
  let source: TestDatabase;
  beforeAll(async () => {
    source = await withDatabase(server);
    await source.sql(`CREATE TABLE plain (a int, b text, c bytea, d numeric, e bool, f bit(3), g timestamptz);
      INSERT INTO plain SELECT i, 'it''s; \\ ' || i || E'\\n', decode(md5(i::text), 'hex'), i / 7.0, i % 2 = 0, B'101', now()
        FROM generate_series(1, 1000) i;
      CREATE TABLE always (id int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (n * 2) STORED, n int);
      INSERT INTO always (n) SELECT generate_series(1, 5);
      CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES;
      CREATE TABLE "odd; ""name""" ("a;b" text); INSERT INTO "odd; ""name""" VALUES (E'\\\\.'), (NULL);`);
  });
  afterAll(() => source?.drop());

  test.each(["--inserts", "--column-inserts", "--rows-per-insert=300", "--inserts --on-conflict-do-nothing"])(
    "%s of pg_dump",
    async (flags) => {
      const { stdout } = await stock(18).must("pg_dump", [...flags.split(" "), "-d", source.url]);
      await using database = await withDatabase(server);
      await run(stdout, database);
      expect(await databaseContents(server, database.name)).toEqual(await databaseContents(server, source.name));
    },
  );
});
