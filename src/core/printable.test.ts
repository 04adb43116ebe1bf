import { expect, test } from "vitest";
import { printable } from "./printable.ts";

test("escape sequences, line ends and bidirectional overrides are shown, not obeyed", () => {
  expect(printable("a\u001b[2J\nb\r\t\u009b\u202e\u0000")).toBe("a\\x1b[2J\\nb\\r\\t\\x9b\\u202e\\x00");
});

test("letters of any script stay", () => {
  expect(printable('ümläut "日本" 😀')).toBe('ümläut "日本" 😀');
});
