import { expect, test } from "vitest";
import { MysqlToolMessages, mysqlToolFailed } from "./tool-messages.ts";

function read(text: string): MysqlToolMessages {
  const messages = new MysqlToolMessages();
  for (const line of text.split("\n")) messages.add(line);
  return messages;
}

test("errors of the client have the server's number and the line of the script", () => {
  const messages = read(`--------------
INSERT INTO a
VALUES (1)
--------------

ERROR 1062 (23000) at line 17: Duplicate entry '1' for key 'PRIMARY'
ERROR at line 3: Unknown command '\\!'.
ERROR 1146 (42S02) at line 4 in file: '/tmp/x.sql': Table 'a.b' doesn't exist`);
  expect(messages.messages).toEqual([
    {
      severity: "error",
      number: 1062,
      sqlState: "23000",
      line: 17,
      statement: "INSERT INTO a\nVALUES (1)",
      message: "Duplicate entry '1' for key 'PRIMARY'",
    },
    { severity: "error", line: 3, message: "Unknown command '\\!'." },
    { severity: "error", number: 1146, sqlState: "42S02", line: 4, message: "Table 'a.b' doesn't exist" },
  ]);
});

test("warnings and progress of the dump programs are no errors", () => {
  const seen: string[] = [];
  const messages = new MysqlToolMessages((text) => seen.push(text));
  for (const line of [
    "-- Retrieving table structure for table a...",
    "WARNING: --master-data is deprecated and will be removed in a future version. Use --source-data instead.",
    "mysqldump: [Warning] Using a password on the command line interface can be insecure.",
    "-- Warning: Skipping the data of table mysql.event.",
  ]) {
    messages.add(line);
  }
  expect(seen).toEqual(["Retrieving table structure for table a..."]);
  expect(messages.errors).toBe(0);
  expect(messages.warnings).toHaveLength(3);
});

test.each([
  [`mysqldump: Got error: 1045: "Access denied for user 'x'@'y' (using password: YES)" when trying to connect`, "AUTH"],
  ["mariadb-dump: Got error: 2002: \"Can't connect to server on 'h' (115)\" when trying to connect", "CONNECT"],
  [
    'mysqldump: Error 2013: "Lost connection to server during query" when dumping table `t` at row: 5',
    "CONNECTION_LOST",
  ],
  ["mysqldump: Couldn't execute 'SHOW FIELDS FROM `v`': Table 'gone' doesn't exist (1146)", "SERVER"],
  ["ERROR 2026 (HY000): TLS/SSL error: self-signed certificate", "CONNECT"],
])("%s", (line, code) => {
  expect(mysqlToolFailed("mysqldump", 2, read(line))).toMatchObject({ code });
});
