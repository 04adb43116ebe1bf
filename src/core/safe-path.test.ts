import { expect, test } from "vitest";
import { isSafeRelativePath } from "./safe-path.ts";

test.each(["a", "a.dump", "a/b", ".hidden", "a..b", "at 10:30:00", "%2E", "ü"])("%j is safe", (path) => {
  expect(isSafeRelativePath(path)).toBe(true);
});

test.each([
  "",
  ".",
  "..",
  "/a",
  "a/",
  "a//b",
  "a/../b",
  "../a",
  "a\\b",
  "C:a",
  "-rf",
  "a/-b",
  "a\0b",
  "a\nb",
  "x".repeat(256),
  "\ud800",
])("%j is refused", (path) => {
  expect(isSafeRelativePath(path)).toBe(false);
});
