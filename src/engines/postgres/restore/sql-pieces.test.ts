import { expect, test } from "vitest";
import { sqlPieces } from "./sql-pieces.ts";

const texts = (sql: string, conforming = true) => sqlPieces(sql, conforming).map(({ text }) => text);

test("strings and names end where the server ends them", () => {
  expect(texts("a 'it''s' \"x\"\"y\" E'a\\'b' e'''' 'back\\' $$ ' $$ 'open")).toEqual([
    "a",
    "'it''s'",
    '"x""y"',
    "E'a\\'b'",
    "e''''",
    "'back\\'",
    "$$ ' $$",
    "'open",
  ]);
  expect(texts("'a\\'b' 'c\\", false)).toEqual(["'a\\'b'", "'c\\"]);
});

test("pieces of many megabytes need no deep stack", () => {
  const long = "x".repeat(20_000_000);
  for (const piece of [`'${long}'`, `"${long}"`, `E'${long}'`, long, `$$${long}$$`, `'${"''".repeat(10_000_000)}'`]) {
    const found = sqlPieces(`${piece} -- ${long}\n /* ${long} */ ;`);
    expect(found.map(({ text }) => text.length)).toEqual([piece.length, 1]);
  }
});
