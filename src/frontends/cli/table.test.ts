import { expect, test } from "vitest";
import { formatTable, tableLines } from "./table.ts";

const columns = [{ title: "NAME" }, { title: "SIZE", align: "right" }] as const;

test("columns are as wide as they need, and lines end with their last cell", () => {
  expect(
    formatTable(columns, [
      ["a long name", "7"],
      ["b", "1234567"],
    ]),
  ).toEqual(["NAME            SIZE", "a long name        7", "b            1234567"]);
});

test("a table of a quarter of a million lines is made line by line", () => {
  let count = 0;
  for (const _ of tableLines(columns, Array.from({ length: 250_000 }), () => ["a", "1"])) count++;
  expect(count).toBe(250_001);
});
