import { expect, test } from "vitest";
import { formatLsn, parseLsn } from "./lsn.ts";

test.each(["0/0", "0/3000060", "16/B374D848", "FFFFFFFF/FFFFFFFF"])("%s is read and written alike", (text) => {
  expect(formatLsn(parseLsn(text)!)).toBe(text);
});

test("positions compare as numbers", () => {
  expect(parseLsn("1/0")! - parseLsn("0/FFFFFFFF")!).toBe(1n);
});

test.each(["", "0", "0/", "/0", "0/123456789", "g/0", "0/0 "])("%j is no position", (text) => {
  expect(parseLsn(text)).toBeUndefined();
});
