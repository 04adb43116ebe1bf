import { expect, test } from "vitest";
import { saslPrep } from "./sasl-prep.ts";

test.each([
  ["soft hyphen disappears (RFC 4013, 3)", "I\u00ADX", "IX"],
  ["ASCII stays", "USER", "USER"],
  ["compatibility forms become plain", "\u00AA", "a"],
  ["roman numeral nine", "\u2168", "IX"],
  ["wide space becomes a space", "a\u3000b", "a b"],
  ["decomposed becomes composed", "e\u0301", "\u00e9"],
  ["a prohibited character leaves all as it is", "\u00AA\uE000", "\u00AA\uE000"],
  ["ASCII controls are not looked at", "a\u0007", "a\u0007"],
  ["mixed directions leave all as it is", "\u0627\u00AA", "\u0627\u00AA"],
  ["right-to-left all through is fine", "\u0627\uFE8E", "\u0627\u0627"],
  ["a character of after Unicode 3.2 leaves all as it is", "\u00AA\u{1F600}", "\u00AA\u{1F600}"],
  ["nothing left leaves all as it is", "\u00AD", "\u00AD"],
])("%s", (_name, password, prepared) => {
  expect(saslPrep(password)).toBe(prepared);
});
