import { expect, test } from "vitest";
import { headOf } from "../script/statement-head.ts";
import { relationOf } from "./statement-demands.ts";

const made = (sql: string): string | undefined => relationOf(headOf(Buffer.from(sql)));

test("a statement tells which table, view or sequence it makes, as every dump program writes it", () => {
  expect(made("CREATE TABLE `Orders` (a INT)")).toBe("Orders");
  expect(made("CREATE TABLE IF NOT EXISTS shop . `a ``b`` ü` (a INT)")).toBe("a `b` ü");
  expect(made("CREATE OR REPLACE TABLE plain$1(a INT)")).toBe("plain$1");
  expect(
    made(
      "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`%` SQL SECURITY DEFINER */\n/*!50001 VIEW `V` AS SELECT 1 AS `TABLE x` */",
    ),
  ).toBe("V");
  expect(made("CREATE SEQUENCE `S` start with 1")).toBe("S");
  expect(made("CREATE PROCEDURE p() CREATE TABLE t (a INT)")).toBeUndefined();
  expect(made("CREATE TRIGGER `TABLE` BEFORE INSERT ON `VIEW` FOR EACH ROW SET @a = 1")).toBeUndefined();
  expect(made("DROP TABLE t")).toBeUndefined();
});
