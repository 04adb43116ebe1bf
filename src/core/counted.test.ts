import { expect, test } from "vitest";
import { counted, formatCount } from "./counted.ts";

test("counts have a comma every three digits", () => {
  expect([0, 999, 1000, 1234567, 12.9].map(formatCount)).toEqual(["0", "999", "1,000", "1,234,567", "12"]);
});

test("only one is singular", () => {
  expect([0, 1, 2, 1001].map((count) => counted(count, "table"))).toEqual([
    "0 tables",
    "1 table",
    "2 tables",
    "1,001 tables",
  ]);
  expect(counted(2, "entry", "entries")).toBe("2 entries");
});
