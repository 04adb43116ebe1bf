import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryStream } from "../../../../tests/helpers/memory-object.ts";
import { heldStatementBytes, ScriptReader } from "./read-script.ts";
import { type Quoting, usualQuoting } from "./script-lexer.ts";

/** What a script is made of: statements and character sets, each with its line. */
async function split(text: string, pieceBytes = 1_000_000, quoting: Partial<Quoting> = {}): Promise<string[]> {
  const found: string[] = [];
  await using reader = new ScriptReader(memoryStream(Buffer.from(text, "latin1"), pieceBytes));
  reader.quoting = { ...usualQuoting, ...quoting };
  for (let item = await reader.next(); item !== undefined; item = await reader.next()) {
    const what = item.kind === "character set" ? `<${item.name}>` : item.text.toString("latin1");
    found.push(`${item.line}: ${what}`);
    if (item.kind === "statement") expect(text.startsWith(what, item.offset)).toBe(true);
  }
  return found;
}

function outcome(text: string, pieceBytes: number): Promise<unknown> {
  return split(text, pieceBytes).catch((error: Error) => error.message);
}

/** Statements that a careless splitter would cut in two or glue together. */
const tricky: [name: string, sql: string][] = [
  ["plain", "SELECT 1"],
  ["doubled quote", "SELECT 'it''s; fine'"],
  ["escaped quote", "SELECT 'a\\'; b', \"c\\\"; d\""],
  ["escaped backslash", "SELECT 'a\\\\'"],
  ["backslash between backticks", "SELECT 1 AS `a\\`"],
  ["quotes within other quotes", "SELECT '\"`', \"'`\", `'\"`"],
  ["doubled backtick", "SELECT 1 AS `a``;b`"],
  ["line comments", "SELECT 1 -- not; here'\n + 1 # nor; here`\n + 2"],
  ["two minus signs are no comment", "SELECT 1--1, '--'"],
  ["comment", "SELECT 1 /* a; 'b */ + 1"],
  ["comments do not nest", "SELECT 1 /* a /* b */ + 1"],
  ["comment of stars", "SELECT 1 /***;***/ + 1"],
  ["hint", "SELECT /*+ MAX_EXECUTION_TIME(1000) ; */ 1"],
  ["conditional comment", "/*!40101 SET NAMES 'utf8' */"],
  ["conditional comment with a quote", "SELECT 1 /*!40101 + '*/;' */"],
  ["conditional comment of MariaDB", "/*M!100616 SET NOTE_VERBOSITY=0, @a='; */' */"],
  ["comment within a conditional one", "/*!50003 CREATE PROCEDURE p() SELECT /* ; ' */ 1 */"],
  ["division", "SELECT 4/2*1"],
  ["NULL as the client writes it", "SELECT \\N"],
  ["zero bytes and others", "SELECT '\0\x1a\xff;\xe4'"],
  ["words of the client elsewhere", "SELECT 1 AS delimiter, system, source FROM `status`"],
  ["names that begin as words of the client", "status_of_it"],
];

const glue = fc.constantFrom(
  "\n",
  "\n\n-- a comment; 'it''s\n",
  " ",
  "/* ; ' */\n",
  "\r\n",
  "# '\n",
  "--at the start;\n",
  ";;",
);

describe("statements end where the stock clients end them", () => {
  test.each(tricky)("%s", async (_name, sql) => {
    expect(await split(`\n-- before; '\n${sql};\nSELECT 'next'`)).toEqual([
      `3: ${sql}`,
      `${4 + sql.split("\n").length - 1}: SELECT 'next'`,
    ]);
  });

  test("wherever the script is cut into pieces", async () => {
    const statement = fc.constantFrom(...tricky.map(([, sql]) => sql));
    const script = fc.array(fc.tuple(statement, glue), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(script, fc.integer({ min: 1, max: 40 }), async (parts, pieceBytes) => {
        const text = parts.map(([sql, between]) => `${sql};${between}`).join("");
        const whole = await split(text);
        expect(whole.map((item) => item.replace(/^\d+: /, ""))).toEqual(parts.map(([sql]) => sql));
        expect(await split(text, pieceBytes)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  test("any text at all, cut anywhere, gives the same or the same refusal", async () => {
    const unit = fc.constantFrom(
      ..."aM1'\"`;-/*\\\n !#\t$",
      "--",
      "/*",
      "/*!",
      "*/",
      "\\'",
      "/*!\\C gbk */",
      "/*M!999999\\- enable the sandbox mode */",
      "\ndelimiter $$\n",
      "$$",
      "\nDELIMITER ;\n",
      "\nsource x\n",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(unit, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), async (units, pieceBytes) => {
        const text = units.join("");
        expect(await outcome(text, pieceBytes)).toEqual(await outcome(text, 1_000_000));
      }),
      { numRuns: 2000 },
    );
  });

  test("by what the session makes of quotes and backslashes", async () => {
    expect(await split("SELECT 'a\\';SELECT 2", 1, { noBackslashEscapes: true })).toEqual([
      "1: SELECT 'a\\'",
      "1: SELECT 2",
    ]);
    expect(await split('SELECT "a\\";SELECT 2', 1, { ansiQuotes: true })).toEqual(['1: SELECT "a\\"', "1: SELECT 2"]);
    // 0x5c is the second byte of a character there.
    expect(await split("SELECT '\x95\\';SELECT 2", 1, { characterSet: "sjis" })).toEqual([
      "1: SELECT '\x95\\'",
      "1: SELECT 2",
    ]);
    expect(await split("SELECT '\xa1\x5c\\';',1;SELECT 2", 1, { characterSet: "big5" })).toHaveLength(2);
  });
});

describe("delimiters", () => {
  test("are set by a line, and are no part of statements", async () => {
    const text =
      "DELIMITER ;;\nCREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END ;;\ndelimiter //\nSELECT ';;' //\n  Delimiter ;\nSELECT 3;";
    expect(await split(text)).toEqual([
      "2: CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END ",
      "4: SELECT ';;' ",
      "6: SELECT 3",
    ]);
  });

  test("may look like comments, as those of binary logs", async () => {
    const text = "DELIMITER /*!*/;\nBEGIN\n/*!*/;\n/*!\\C utf8mb4 *//*!*/;\nSET @a=1/*!*/;\nDELIMITER ;\nCOMMIT;";
    expect(await split(text)).toEqual(["2: BEGIN\n", "4: <utf8mb4>", "5: SET @a=1", "7: COMMIT"]);
  });

  test.each(["DELIMITER\n", "DELIMITER \\\n", "delimiter 0123456789abcdef\n"])("%j is refused", async (text) => {
    await expect(split(text)).rejects.toMatchObject({ code: "FOREIGN_FILE" });
  });
});

describe("commands of the stock clients", () => {
  test.each([
    "\\! rm -rf /",
    "SELECT 1;\n\\! ls",
    "system ls",
    "SYSTEM ls;",
    "source /etc/passwd",
    "\\. file",
    "tee /tmp/x;",
    "pager less",
    "SELECT 1 \\G",
    "SELECT 1 \\! ls\n;",
    "/*!\\! ls */;",
    "edit",
    "\\- ",
  ])("%j is refused, never run", async (text) => {
    await expect(split(text)).rejects.toMatchObject({
      code: "FOREIGN_FILE",
      message: expect.stringContaining("client command"),
    });
  });

  test("are not looked for in comments and literals", async () => {
    expect(await split("-- \\! ls\nSELECT '\\! ls' /* \\! ls */;")).toHaveLength(1);
  });

  test("but the sandbox line of mariadb-dump does nothing, in both its forms", async () => {
    for (const line of ["/*M!999999\\- enable the sandbox mode */ ", "/*!999999\\- enable the sandbox mode */"]) {
      expect(await split(`${line}\nSELECT 1;`)).toEqual(["2: SELECT 1"]);
    }
  });
});

describe("the end", () => {
  test("of a script may lack the delimiter", async () => {
    expect(await split("SELECT 1;\nSELECT 2\n")).toEqual(["1: SELECT 1", "2: SELECT 2\n"]);
  });

  test.each([
    ["SELECT 'a", "a string"],
    ["SELECT `a", "a quoted name"],
    ["SELECT /* a", "a comment"],
  ])("within %j is damage", async (text, part) => {
    await expect(split(`SELECT 1;\n${text}`)).rejects.toMatchObject({
      code: "DAMAGED",
      message: `the script ends within ${part} of the statement that began on line 2`,
    });
  });

  const heads = [
    "-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n--\n",
    "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)\n--\n",
  ];
  test.each(heads)("of a dump is known by its last line: %j", async (head) => {
    const whole = `${head}INSERT INTO t VALUES (1),(2);\n-- Dump completed on 2026-11-22  1:00:00\n`;
    expect(await split(whole)).toHaveLength(1);
    for (const cut of [whole.indexOf(",(2"), whole.indexOf(";\n--"), whole.indexOf("\n-- Dump c"), whole.length - 30]) {
      await expect(split(whole.slice(0, cut))).rejects.toMatchObject({ code: "DAMAGED" });
    }
  });
});

test("long statements come in pieces, and whoever does not want them does not read them", async () => {
  const value = "x\\'y".repeat((3 * heldStatementBytes) / 4);
  const text = `SELECT 1;\nINSERT INTO t VALUES ('${value}');\nSELECT 2;`;
  for (const isRead of [true, false]) {
    await using reader = new ScriptReader(memoryStream(Buffer.from(text), 100_000));
    expect(await reader.next()).toMatchObject({ kind: "statement" });
    const item = await reader.next();
    if (item?.kind !== "long statement") throw new Error(`it is ${item?.kind}`);
    expect(item.text.length).toBeLessThan(heldStatementBytes + 1_000_000);
    if (isRead) {
      let length = 0;
      for await (const piece of item.pieces()) length += piece.length;
      expect(length).toBe(value.length + "INSERT INTO t VALUES ('')".length);
    }
    expect(await reader.next()).toMatchObject({ kind: "statement", line: 3 });
    expect(await reader.next()).toBeUndefined();
  }
});

test("a long statement may be the last, wherever its end lies in a piece", async () => {
  const text = `INSERT INTO t VALUES ('${"x".repeat(heldStatementBytes)}');\n\n`;
  for (const pieceBytes of [100_000, text.length - 3, text.length - 2, text.length - 1]) {
    await using reader = new ScriptReader(memoryStream(Buffer.from(text), pieceBytes));
    expect(await reader.next()).toMatchObject({ line: 1 });
    expect(await reader.next()).toBeUndefined();
  }
});
