import { expect, test } from "vitest";
import { findDefiner } from "./definer-clause.ts";

/** The account that a statement names; undefined when it names none. */
function accountIn(sql: string | Buffer, characterSet = "utf8mb4"): string | undefined {
  const text = Buffer.from(sql as string);
  const clause = findDefiner(text, characterSet);
  return clause === undefined ? undefined : text.toString("utf8", clause.account, clause.end);
}

test.each([
  ["CREATE DEFINER=`a`@`b` VIEW v AS SELECT 1", "`a`@`b`"],
  [
    "create or replace algorithm = merge definer = root@localhost sql security definer view v as select 1",
    "root@localhost",
  ],
  ["CREATE DEFINER='it''s'@\"%\" FUNCTION f() RETURNS INT RETURN 1", "'it''s'@\"%\""],
  ["CREATE DEFINER=`a``b@c d`@`%.h``o` TRIGGER t BEFORE INSERT ON t FOR EACH ROW SET @a = 1", "`a``b@c d`@`%.h``o`"],
  ['CREATE DEFINER="x"@"y" PACKAGE BODY "p" AS END', '"x"@"y"'],
  ["CREATE DEFINER=`role` VIEW v AS SELECT 1", "`role`"],
  ["CREATE DEFINER=CURRENT_USER() VIEW v AS SELECT 1", "CURRENT_USER()"],
  ["CREATE DEFINER=CURRENT_USER EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "CURRENT_USER"],
  ["ALTER DEFINER = `a` @ `b` EVENT e", "`a` @ `b`"],
  [
    "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON t FOR EACH ROW SET @a = 1 */",
    "`a`@`b`",
  ],
  [
    "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`b` SQL SECURITY DEFINER */\n/*!50001 VIEW v AS SELECT 1 */",
    "`a`@`b`",
  ],
  ["CREATE /* DEFINER=`no`@`no` */ DEFINER -- x\n = # y\n `a`@`b` VIEW v AS SELECT 1", "`a`@`b`"],
])("finds the account of %j", (sql, account) => {
  expect(accountIn(sql)).toBe(account);
});

test.each([
  "CREATE VIEW v AS SELECT 'DEFINER=`a`@`b`' AS `DEFINER=`",
  "CREATE /* DEFINER=`a`@`b` */ VIEW v AS SELECT 1",
  "CREATE PROCEDURE p() BEGIN CREATE DEFINER=`a`@`b` VIEW v AS SELECT 1; END",
  "CREATE TABLE definer (a INT) COMMENT 'CREATE DEFINER=`a`@`b` VIEW'",
  "INSERT INTO t VALUES ('CREATE DEFINER=`a`@`b` VIEW')",
  "CREATE FUNCTION f(DEFINER INT) RETURNS INT RETURN DEFINER",
  "CREATE `DEFINER`=`a`@`b`",
  "CREATE DEFINER",
  "CREATE DEFINER=",
  "CREATE DEFINER=`a`@",
  "",
])("finds none in %j", (sql) => {
  expect(accountIn(sql)).toBeUndefined();
});

test("reads characters whose second byte is a backtick", () => {
  const name = Buffer.from([0x60, 0x83, 0x60, 0x60]);
  const sql = Buffer.concat([Buffer.from("CREATE DEFINER="), name, Buffer.from("@`h` VIEW v AS SELECT 1")]);
  const clause = findDefiner(sql, "sjis")!;
  expect(sql.subarray(clause.account, clause.end)).toEqual(Buffer.concat([name, Buffer.from("@`h`")]));
});
