import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatTextArray, parseArray, parseTextArray } from "./pg-array.ts";

describe("parseArray", () => {
  test.each<[string, (string | null)[]]>([
    ["{}", []],
    ["{a}", ["a"]],
    ["{a,NULL,null,b}", ["a", null, null, "b"]],
    ['{"NULL","",a}', ["NULL", "", "a"]],
    ['{"a,b","c\\"d","e\\\\f","{g}"}', ["a,b", 'c"d', "e\\f", "{g}"]],
    ["{r=U/own,=U/own}", ["r=U/own", "=U/own"]],
    ['{"\\"r=x/y\\"=X*/own"}', ['"r=x/y"=X*/own']],
  ])("reads %s", (text, elements) => {
    expect(parseArray(text)).toEqual(elements);
  });

  test.each(["", "{", "}", "a", "{a", "{a,}", "{,a}", '{"a}', '{"a"b}', "{a}b", "{{a},{b}}", "[2:3]={a,b}"])(
    "refuses %s",
    (text) => {
      expect(() => parseArray(text)).toThrow("not the text of a one-dimensional array");
    },
  );

  test("a text array holds no NULL", () => {
    expect(() => parseTextArray("{a,NULL}")).toThrow();
  });

  test("reads back what formatTextArray wrote", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary-ascii" })), (elements) => {
        expect(parseTextArray(formatTextArray(elements))).toEqual(elements);
      }),
    );
    expect(parseTextArray(formatTextArray(["NULL", "null", "", "\\"]))).toEqual(["NULL", "null", "", "\\"]);
  });
});
