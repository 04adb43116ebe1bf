import { expect, test } from "vitest";
import { flattenConditions } from "./flatten-conditions.ts";

const flat: readonly (readonly [string, string])[] = [
  ["CHECK ((((c >= 1) AND (c <= 3)) AND (c <> 2)))", "CHECK (((c >= 1) AND (c <= 3) AND (c <> 2)))"],
  ["(a AND (b AND (c AND d)))", "(((a AND b) AND c) AND d)"],
  ["((a OR b) OR c)", "(a OR b OR c)"],
  ["WHERE (NOT ((a AND b) AND c))", "WHERE (NOT (a AND b AND c))"],
  ["((a = 'x AND (y'::text) AND b) AND c", "(a = 'x AND (y'::text) AND b AND c"],
];

test.each(flat)("%s is %s", (nested, same) => {
  expect(flattenConditions(nested)).toBe(flattenConditions(same));
});

const different: readonly (readonly [string, string])[] = [
  ["((a AND b) OR c)", "(a AND (b OR c))"],
  ["((a OR b) AND c)", "(a OR b AND c)"],
  ["(NOT (a AND b) AND c)", "(NOT a AND b AND c)"],
  ["((SELECT x WHERE a AND b) AND c)", "(SELECT x WHERE a AND b AND c)"],
  ["(f(a AND b) AND c)", "(f a AND b AND c)"],
  ["(a = 'p AND q')", "(a = 'p  AND q')"],
  ["(x = E'a\\'b AND (c')", "(x = E'a\\'b AND c')"],
  ["(a AND b", "a AND b"],
];

test.each(different)("%s is not %s", (left, right) => {
  expect(flattenConditions(left)).not.toBe(flattenConditions(right));
});

test("depth is no limit", () => {
  const [depth, opened] = [20_000, "(".repeat(20_000)];
  const nested = `${opened}a${" AND b)".repeat(depth)}`;
  expect(flattenConditions(nested)).toBe(`( a${" AND b".repeat(depth)} )`);
});
