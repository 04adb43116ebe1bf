import { describe, expect, test } from "vitest";
import { quoteConformingLiteral } from "./quote.ts";
import { settingLiterals } from "./setting-list.ts";

const literals = (name: string, value: string): string => settingLiterals(name, value, quoteConformingLiteral);

describe("settingLiterals", () => {
  test.each([
    ["work_mem", "64MB", "'64MB'"],
    ["my.list", "a, b", "'a, b'"],
    ["search_path", "a, b", "'a', 'b'"],
    ["Search_Path", 'a,"$user", "A ""b"", c"', "'a', '$user', 'A \"b\", c'"],
    ["search_path", '""', "''"],
    ["search_path", "", "''"],
    ["temp_tablespaces", "it's", "'it''s'"],
    ["search_path", 'broken"list', `'broken"list'`],
    ["search_path", "a,", "'a,'"],
  ])("%s with %s", (name, value, sql) => {
    expect(literals(name, value)).toBe(sql);
  });
});
