import { expect, test } from "vitest";
import { readNamePattern } from "./name-pattern.ts";

test.each([
  ["Orders", ["orders"]],
  ['"Orders"', ["Orders"]],
  ["app.Ord*s?", ["app", "ord.*s."]],
  ['app."a.b*"', ["app", "a\\.b\\*"]],
  ['"a""b".c', ['a"b', "c"]],
  ["a$b", ["a\\$b"]],
  ['"$"', ["\\$"]],
  ["int[]", ["int\\[]"]],
  ["(a|b)[0-9]+", ["(a|b)[0-9]+"]],
  ["app.", ["app", ""]],
  ["*", [".*"]],
  ["ÄÖ*", ["ÄÖ.*"]],
  ['FOO"BAR"BAZ', ["fooBARbaz"]],
])("%s", (pattern, expressions) => {
  expect(readNamePattern(pattern).map(({ regex }) => regex)).toEqual(expressions);
});

test("the name of a part is what it says without wildcards", () => {
  expect(readNamePattern('Shop."A.b".t').map(({ name }) => name)).toEqual(["shop", "A.b", "t"]);
});
