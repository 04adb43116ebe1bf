import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

test.each([
  ["lsit", "list"],
  ["verfy", "verify"],
  ["showw", "show"],
  ["li", undefined],
  ["restore-everything", undefined],
])("%j is nearest to %j", (word, expected) => {
  expect(nearest(word, ["list", "show", "verify", "restore"])).toBe(expected);
});
