import { expect, test } from "vitest";
import { sampleParts } from "./sample-option.ts";

test("shares are parts", () => {
  expect(["1/7", "5%", "100%", "30%", "0.1%", undefined].map(sampleParts)).toEqual([7, 20, 1, 3, 1000, undefined]);
});

test.each(["7", "2/7", "0%", "1/0", "101%", "-5%", "", "1/1001", "0.05%"])('"%s" is refused', (text) => {
  expect(() => sampleParts(text)).toThrow(/wrong value/);
});
