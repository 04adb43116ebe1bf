import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codec } from "../../../../tests/helpers/codec.ts";
import { memoryObject } from "../../../../tests/helpers/memory-object.ts";
import { withMysqlDatabase } from "../../../../tests/helpers/mysql-database.ts";
import { sharedMysql } from "../../../../tests/helpers/mysql-shared-servers.ts";
import { mustMysqlStock } from "../../../../tests/helpers/mysql-stock.ts";
import { keptEvents, mysqlRestoreRequest, never } from "../../../../tests/helpers/restore-request.ts";
import { createMysqlRestorer } from "../mysql-restorer.ts";

const letters = fc.array(
  fc.constantFrom(
    "a",
    "ä",
    ";",
    "$$",
    "--",
    "-- ",
    "#",
    "/*",
    "*/",
    "/*!",
    "\n",
    "\r\n",
    "\t",
    " ",
    '"',
    "`",
    "DELIMITER ;;\n",
    "//",
  ),
  { maxLength: 6 },
);
const literal = fc.oneof(
  fc
    .array(
      fc.oneof(
        letters.map((parts) => parts.join("")),
        fc.constantFrom("\\'", "\\\\", "''", '\\"'),
      ),
      { maxLength: 4 },
    )
    .map((parts) => `'${parts.join("")}'`),
  letters.map((parts) => `"${parts.join("").replaceAll('"', '\\"')}"`),
  fc.constantFrom(
    "1 + 1",
    "0x41",
    "'a' /* ; ' */ 'b'",
    "1 -- ;'\n + 1",
    '1 # ;"\n + 1',
    "/*!40000 'run' */",
    "1 /*+ ; */",
    "/*! 'x;y' */",
    "1--1",
  ),
);
const insert = fc.tuple(literal, literal).map(([a, b]) => `INSERT INTO log (a, b) VALUES (${a}, ${b})`);
const between = fc.constantFrom(
  "\n",
  "\n\n",
  " ",
  "\n-- ; '\n",
  "\n# it's\n",
  "/* ; \n ' */\n",
  "\n-- at the start;\n",
);
const statements = fc.array(fc.tuple(insert, between), { minLength: 1, maxLength: 5 });
const block = fc
  .tuple(fc.constantFrom(";", ";;", "//", "$$$"), statements)
  .map(
    ([delimiter, parts]) =>
      `\nDELIMITER ${delimiter}\n${parts.map(([sql, gap]) => `${sql} ${delimiter}${gap}`).join("")}\nDELIMITER ;\n`,
  );

describe.each(["mariadb-10.5", "mariadb-11.8", "mysql-9.7"] as const)(
  "scripts as the client of %s runs them",
  (flavour) => {
    test("put the same rows into tables", async () => {
      const server = await sharedMysql(flavour);
      await using ours = await withMysqlDatabase(server);
      await using theirs = await withMysqlDatabase(server);
      const engine = createMysqlRestorer({ codec });
      const blocks = fc.sample(block, { numRuns: 120, seed: 7 });
      const head =
        "SET NAMES utf8mb4;\nSET sql_mode = '';\nCREATE TABLE log (n INT AUTO_INCREMENT PRIMARY KEY, a TEXT, b TEXT);\n";
      const script = Buffer.from(`${head}${blocks.join("")}`);
      // Without --binary-mode it takes carriage returns out of values.
      await mustMysqlStock(
        "client",
        server,
        ["--default-character-set=utf8mb4", "--skip-comments", "--binary-mode", "--force", theirs.name],
        { input: script },
      );
      const backup = await engine.open({ kind: "object", object: memoryObject(script) }, {});
      const result = await backup.run(
        mysqlRestoreRequest(server, ours.name, { onError: "continue" }),
        keptEvents(),
        never,
      );
      const rows = "SELECT a, b FROM log ORDER BY n";
      const expected = await theirs.sql(rows);
      expect(expected.length).toBeGreaterThan(200);
      expect(result.rows).toBe(expected.length);
      expect(await ours.sql(rows)).toEqual(expected);
    });
  },
);
