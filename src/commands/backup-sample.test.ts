import { expect, test } from "vitest";
import { sampleChoice } from "./backup-sample.ts";

test("a sample is chosen in exactly one way", () => {
  expect(sampleChoice({ ratio: 10, seed: 1 })).toEqual({ kind: "ratio", value: 10, seed: 1 });
  expect(sampleChoice({ percent: "0.000001", seed: 1 })).toEqual({ kind: "percent", value: 0.000001, seed: 1 });
  expect(sampleChoice({ count: 5 }).seed).toBeGreaterThanOrEqual(0);
  expect(() => sampleChoice({})).toThrow("a sample needs to be told how many rows are chosen");
  expect(() => sampleChoice({ ratio: 1, count: 1 })).toThrow("a sample needs one way to choose rows");
});

test.each(["0", "0.0", "100.1", "-1", "ten", "1e1", "0.0000001", ""])('"%s" is no percentage of rows', (percent) => {
  expect(() => sampleChoice({ percent })).toThrow("is no percentage of rows");
});
