import { expect, test } from "vitest";
import { describeStatement } from "./describe-statement.ts";

test.each<[string, "utf8" | "binary", string]>([
  ["select 1", "utf8", "select 1"],
  ["  select\n\t1  ", "utf8", "select 1"],
  [`select '${"x".repeat(1000)}'`, "utf8", `select '${"x".repeat(72)}...`],
  ["copy caf\u00e9 to stdout", "utf8", "copy caf\u00e9 to stdout"],
  ["copy caf\u00c3\u00a9 to stdout", "binary", "copy caf\u00e9 to stdout"],
  ["copy caf\u00e9 to stdout", "binary", "copy caf\u00e9 to stdout"],
  ["alter role ann password 'hunter2'", "utf8", "alter role ann ..."],
  ["create subscription s connection 'host=x password=y'", "utf8", "create subscription s ..."],
  ["create user mapping for ann server s options (x 'y')", "utf8", "create ..."],
  ["select '\u001b[31m'", "utf8", "select '\\x1b[31m'"],
])("%j in %s mode", (sql, mode, shown) => {
  expect(describeStatement(sql, mode)).toBe(`running "${shown}"`);
});
