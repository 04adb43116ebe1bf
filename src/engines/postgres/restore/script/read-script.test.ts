import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryStream } from "../../../../../tests/helpers/memory-object.ts";
import { readScript } from "./read-script.ts";

/** What a script is made of: statements as they are, COPY with its rows, commands as JSON; each with its line. */
async function split(text: string, pieceBytes = 1_000_000): Promise<string[]> {
  const found: string[] = [];
  for await (const item of readScript(memoryStream(Buffer.from(text, "latin1"), pieceBytes))) {
    if (item.kind === "statement") found.push(`${item.line}: ${item.sql}`);
    if (item.kind === "command") found.push(`${item.line}: ${JSON.stringify(item.command)}`);
    if (item.kind !== "copy") continue;
    let rows = "";
    for await (const piece of item.rows) rows += piece.toString("latin1");
    found.push(`${item.line}: ${item.sql} <${rows}>`);
  }
  return found;
}

function outcome(text: string, pieceBytes: number): Promise<unknown> {
  return split(text, pieceBytes).catch((error: Error) => error.message);
}

/** Statements, each complete, that a careless splitter would cut in two or glue together. */
const tricky: [name: string, sql: string][] = [
  ["plain", "SELECT 1;"],
  ["doubled quote", "SELECT 'it''s; fine';"],
  ["backslash in a conforming string", "SELECT 'a\\';"],
  ["E string", "SELECT E'a\\'; b';"],
  ["e string after a doubled quote", "SELECT e'a''\\'; b';"],
  ["E string continued on the next line", "SELECT E'a'\n  'b\\'; c';"],
  ["a word that ends in e is no E string", "SELECT type'a\\';"],
  ["E apart from its string", "SELECT e 'a\\';"],
  ["bit, hex and Unicode strings", "SELECT B'1', X'f', U&'\\0041;', N'x';"],
  ["quoted identifier", 'SELECT 1 AS "a;""b--";'],
  ["line comment within", "SELECT 1 -- not; here\n + 1;"],
  ["nested comment within", "SELECT 1 /* a; /* b; */ c; */ + 1;"],
  ["comment signs in an operator", "SELECT 1 +/* ; */ 2;"],
  ["dollar string", "SELECT $$a;'$$;"],
  ["tagged dollar string", "SELECT $a_1$ $$; $b$; $a_1$;"],
  ["dollar string with half its tag", "SELECT $ab$ $a $ab $ab$;"],
  ["parameters and words with dollars are no strings", "PREPARE p AS SELECT $1, a$b$c FROM t;"],
  ["parentheses", "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b);"],
  ["atomic body", "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;"],
  [
    "atomic body with CASE",
    "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT CASE WHEN true THEN 1 ELSE CASE 1 WHEN 2 THEN 3 END END; END;",
  ],
  ["begin in other statements", "CREATE TABLE begin_at (case_end int);"],
  ["BEGIN of a transaction", "BEGIN;"],
  ["casts and slices", "SELECT a::int, b[1:2], c[lo:hi], d [ x : y ];"],
  ["bytes above 127", "SELECT '\xe4\xf6;\xfc', \xe4\xf6;"],
  ["COPY to the client is no COPY from it", "COPY (SELECT 1 FROM stdin) TO stdout;"],
  ["from and stdin elsewhere", 'SELECT stdin FROM "stdin";'],
];

const glue = fc.constantFrom("\n", "\n\n-- a comment; 'it''s\n", " ", "/* ; ' */\n", "\r\n");

describe("statements end where psql ends them", () => {
  test.each(tricky)("%s", async (_name, sql) => {
    expect(await split(`\n-- before; '\n${sql}\nSELECT 'next';`)).toEqual([
      `3: ${sql}`,
      `${4 + sql.split("\n").length - 1}: SELECT 'next';`,
    ]);
  });

  test("wherever the script is cut into pieces", async () => {
    const statement = fc.constantFrom(...tricky.map(([, sql]) => sql), "COPY t (a) FROM stdin;\n1\tx\n\\\\.\n\\.\n");
    const script = fc.array(fc.tuple(statement, glue), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(script, fc.integer({ min: 1, max: 40 }), async (parts, pieceBytes) => {
        const text = parts.map(([sql, between]) => sql + between).join("");
        const whole = await split(text);
        expect(whole.map((item) => item.replace(/^\d+: /, ""))).toEqual(
          parts.map(([sql]) => (sql.startsWith("COPY t") ? "COPY t (a) FROM stdin; <1\tx\n\\\\.\n>" : sql)),
        );
        expect(await split(text, pieceBytes)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  test("any text at all, cut anywhere, gives the same or the same refusal", async () => {
    const unit = fc.constantFrom(
      ..."aEe1'\"$;-/*\\\n :[](){}.x",
      "$$",
      "$a$",
      "--",
      "/*",
      "*/",
      "E'",
      "\\.",
      "COPY t FROM stdin;\n",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(unit, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), async (units, pieceBytes) => {
        const text = units.join("");
        expect(await outcome(text, pieceBytes)).toEqual(await outcome(text, 1_000_000));
      }),
      { numRuns: 2000 },
    );
  });

  test("with standard_conforming_strings off, backslashes count in plain strings", async () => {
    const text =
      "SET standard_conforming_strings = off;\nSELECT 'a\\'; b';\nSET standard_conforming_strings TO on;\nSELECT 'a\\';";
    expect(await split(text)).toEqual([
      "1: SET standard_conforming_strings = off;",
      "2: SELECT 'a\\'; b';",
      "3: SET standard_conforming_strings TO on;",
      "4: SELECT 'a\\';",
    ]);
  });
});

describe("rows of COPY", () => {
  test("go up to the line that ends them", async () => {
    const text =
      "COPY t FROM stdin;\n\\.\nCOPY t (a) FROM STDIN WITH (FORMAT text);\n1\n\\\\.\n;'\\!\n\\.\n\n\nSELECT 1;\n";
    expect(await split(text)).toEqual([
      "1: COPY t FROM stdin; <>",
      "3: COPY t (a) FROM STDIN WITH (FORMAT text); <1\n\\\\.\n;'\\!\n>",
      "10: SELECT 1;",
    ]);
  });

  test("are skipped when nobody reads them", async () => {
    const kinds: string[] = [];
    for await (const item of readScript(memoryStream(Buffer.from("COPY t FROM stdin;\n1\n2\n\\.\nSELECT 1;"), 3))) {
      kinds.push(item.kind);
    }
    expect(kinds).toEqual(["copy", "statement"]);
  });

  test("that are cut off are damage, with or without a line end", async () => {
    for (const rows of ["", "1\n", "1", "1\n\\", "\\", "1\n\\.x"]) {
      const text = split(`SELECT 1;\nCOPY t FROM stdin;\n${rows}`);
      await expect(text, JSON.stringify(rows)).rejects.toMatchObject({
        code: "DAMAGED",
        message: expect.stringContaining("within the rows of the COPY on line 2"),
      });
    }
    expect(await split("COPY t FROM stdin;\n1\n\\.")).toEqual(["1: COPY t FROM stdin; <1\n>"]);
  });
});

describe("client commands", () => {
  test("of a dump are obeyed", async () => {
    const text = [
      "\\restrict abC9",
      "SELECT 1;",
      "\\unrestrict abC9",
      "\\encoding SQL_ASCII",
      '\\connect -reuse-previous=on "dbname=\'o\\\'d""d\\\\\'"',
      "\\connect shop",
      '\\connect "Shop ""x"""',
      "",
    ].join("\n");
    expect((await split(text)).map((item) => item.replace(/^\d+: /, ""))).toEqual([
      '{"kind":"restrict","key":"abC9"}',
      "SELECT 1;",
      '{"kind":"unrestrict","key":"abC9"}',
      '{"kind":"encoding","name":"SQL_ASCII"}',
      '{"kind":"connect","database":"o\'d\\"d\\\\"}',
      '{"kind":"connect","database":"shop"}',
      '{"kind":"connect","database":"Shop \\"x\\""}',
    ]);
  });

  const refused = [
    "\\! ls",
    "\\i file.sql",
    "\\ir file.sql",
    "\\copy t from program 'ls'",
    "\\o |sh",
    "\\set x `ls`",
    "\\connect `ls`",
    "\\connect :x",
    "\\connect postgres://evil/x",
    "\\connect 'host=evil'",
    '\\connect "host=evil dbname=x"',
    "\\connect shop postgres evil 5432",
    "\\connect -reuse-previous=on \"dbname='x' host='evil'\"",
    "\\connect -reuse-previous=on \"host='evil'\"",
    "\\connect",
    "\\c shop",
    "\\encoding",
    "\\encoding `ls`",
    "\\restrict",
    "\\restrict a;b",
    "\\.",
    "\\gexec",
    "\\",
    `\\connect ${"x".repeat(5000)}`,
  ];
  test.each(refused)("%s is refused", async (line) => {
    await expect(split(`SELECT 1;\n${line}\nSELECT 2;`)).rejects.toMatchObject({
      code: "FOREIGN_FILE",
      message: expect.stringContaining("line 2 of the script"),
    });
  });

  test("within a statement, also as \\; and \\gexec, are refused", async () => {
    for (const text of [
      "SELECT 1 \\gexec\n;",
      "SELECT 1\\; SELECT 2;",
      "SELECT 1 \\! ls\n;",
      "INSERT INTO t\n\\copy t\n;",
    ]) {
      await expect(split(text)).rejects.toMatchObject({ code: "FOREIGN_FILE" });
    }
  });

  test("psql variables are refused", async () => {
    for (const text of ["SELECT :x;", "SELECT :'x';", 'SELECT :"x";', "SELECT :{?x};", "SELECT 1 FROM a.:b;"]) {
      await expect(split(text)).rejects.toThrow("a psql variable");
    }
  });

  test("a restricted part allows none but its end", async () => {
    for (const text of [
      "\\restrict a\n\\connect x\n",
      "\\restrict a\n\\encoding UTF8\n",
      "\\restrict a\n\\restrict b\n",
      "\\restrict a\n\\unrestrict b\n",
      "\\unrestrict a\n",
    ]) {
      await expect(split(text)).rejects.toMatchObject({ code: "FOREIGN_FILE" });
    }
    await expect(split("\\restrict a\nSELECT 1;\n")).rejects.toMatchObject({ code: "DAMAGED" });
    for (const pieceBytes of [1, 1000]) {
      await expect(split("SELECT 1;\nSELECT '\0';\n", pieceBytes)).rejects.toMatchObject({
        code: "DAMAGED",
        message: expect.stringContaining("line 2 of the script holds a zero character"),
      });
    }
  });
});

describe("a script that ends too early is damage", () => {
  const cases = [
    "SELECT 1",
    "SELECT 'a;",
    "SELECT E'a;\\",
    'SELECT "a;',
    "SELECT $a$ ;$a",
    "/* a;",
    "SELECT (1;",
    "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;",
  ];
  test.each(cases)("%s", async (text) => {
    await expect(split(`SELECT 0;\n${text}`)).rejects.toMatchObject({
      code: "DAMAGED",
      message: expect.stringContaining("line 2"),
    });
  });

  test("but space and comments may follow", async () => {
    expect(await split("SELECT 1;\n-- done")).toEqual(["1: SELECT 1;"]);
    expect(await split(";;\n;")).toEqual([]);
    expect(await split("")).toEqual([]);
  });
});

test("client encodings whose characters hold ASCII bytes are refused", async () => {
  for (const text of [
    "SET client_encoding = 'SJIS';",
    "set client_encoding to gb18030;",
    "\\encoding BIG5\n",
    "SET client_encoding = 'SHIFT_JIS_2004';",
  ]) {
    await expect(split(text)).rejects.toThrow("client encoding");
  }
  expect(await split("SET client_encoding = 'LATIN1';")).toHaveLength(1);
});
