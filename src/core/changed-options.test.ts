import { expect, test } from "vitest";
import { changedOptions } from "./changed-options.ts";

test("what differs is named", () => {
  const before = { "--compression": "gzip-4", "--table": ["a"], "--statistics": true };
  const now = { "--compression": "none", "--table": ["a"], "--snapshot": "1-1" };
  expect(changedOptions(before, now)).toEqual([
    "--compression was another",
    "--statistics was given",
    "--snapshot was not given",
  ]);
  expect(changedOptions(before, before)).toEqual([]);
});
