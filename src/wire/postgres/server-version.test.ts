import { expect, test } from "vitest";
import { serverVersionNumber } from "./server-version.ts";

test.each([
  ["18.4 (Debian 18.4-1.pgdg13+1)", 180_004],
  ["10.23", 100_023],
  ["9.6.24", 90_624],
  ["19beta1", 190_000],
  ["17devel", 170_000],
  ["1.22.0/bouncer", 12_200],
  ["", 0],
])("%j is %i", (text, number) => {
  expect(serverVersionNumber(text)).toBe(number);
});
