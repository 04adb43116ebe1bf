import { expect, test } from "vitest";
import { requireScript } from "./require-script.ts";

test.each([
  ["UTF-16", Buffer.from("\u{feff}SELECT 1;", "utf16le")],
  ["UTF-16", Buffer.from("\u{feff}SELECT 1;", "utf16le").swap16()],
  ["empty", Buffer.alloc(0)],
  ["no SQL script", Buffer.from("PGDMP\u0001")],
  ["compressed by xz", Buffer.from("/Td6WFoAAATm1rRGAg", "base64")],
])("what is no script is told of as %s", (message, bytes) => {
  expect(() => requireScript(bytes)).toThrow(message);
});
