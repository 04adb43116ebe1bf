import { expect, test } from "vitest";
import { parseFilterFile } from "./filter-file.ts";

const grammar = { include: ["table", "function", "schema"], exclude: ["schema"] };
const parse = (text: string) =>
  parseFilterFile(text, "f", grammar).map((rule) => [rule.action, rule.object, rule.pattern]);

test("rows, comments, empty lines and space", () => {
  const text = "# comment\n\n  include   table\torders  # why\r\nexclude schema old#not this\ninclude table a.b\n";
  expect(parse(text)).toEqual([
    ["include", "table", "orders"],
    ["exclude", "schema", "old"],
    ["include", "table", "a.b"],
  ]);
});

test("arguments of functions come to one form", () => {
  expect(parse("include function add ( integer ,numeric,  double  precision )")).toEqual([
    ["include", "function", "add(integer, numeric, double precision)"],
  ]);
});

test("quoted names hold signs and line ends, and keep their quotes", () => {
  expect(parse('include table "a # ""b""\nc" . "d"\ninclude table x')).toEqual([
    ["include", "table", '"a # ""b""\nc"."d"'],
    ["include", "table", "x"],
  ]);
});

test.each([
  ["includ table x", /line 1 .*"includ" is neither/],
  ["\ninclude", /line 2 .*kind of object is missing/],
  ["include tables x", /cannot include "tables" \(only table, function, schema\)/],
  ["exclude table x", /cannot exclude "table"/],
  ["include table # x", /pattern is missing/],
  ['include table "x', /quoted name is not ended/],
])("refuses %j with the line", (text, message) => {
  expect(() => parse(text)).toThrow(message);
});
