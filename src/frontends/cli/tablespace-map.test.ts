import { expect, test } from "vitest";
import { tablespaceMap } from "./tablespace-map.ts";

test("old names may hold =, new folders are absolute", () => {
  expect([...tablespaceMap(["fast=/srv/fast", "/a\\=b=/c=d"])]).toEqual([
    ["fast", "/srv/fast"],
    ["/a=b", "/c=d"],
  ]);
  for (const values of [["fast"], ["=/x"], ["fast=relative"], ["fast="], ["a=/x", "a=/y"]]) {
    expect(() => tablespaceMap(values)).toThrow("--tablespace-map");
  }
});
