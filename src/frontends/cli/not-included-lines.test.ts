import { expect, test } from "vitest";
import { countedKind } from "./not-included-lines.ts";

test.each([
  ["databases", "1 database", "2 databases"],
  ["database-properties", "1 database-property", "2 database-properties"],
  ["planner-statistics", "1 planner-statistics", "2 planner-statistics"],
])("one of %s", (kind, one, two) => {
  expect(countedKind(kind, 1)).toBe(one);
  expect(countedKind(kind, 2)).toBe(two);
});
