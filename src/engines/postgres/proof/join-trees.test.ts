import { expect, test } from "vitest";
import { joinTrees, type ReadTable } from "./join-trees.ts";

const sum = (digit: number): string => String(digit).padStart(32, "0");
const partition = (object: string, rows: number, was: number, checksum = rows, wasChecksum = was): ReadTable => ({
  object,
  root: "public.tree",
  hasMoney: false,
  totals: { rows, bytes: 0, checksum: sum(checksum) },
  promised: { rows: was, checksum: sum(wasChecksum) },
});

test("partitions that hold as many rows as they did are looked at one by one", () => {
  const tables = [partition("a", 2, 2, 5), partition("b", 3, 3), { ...partition("c", 1, 1), root: undefined }];
  expect(
    joinTrees(tables)
      .map(({ object }) => object)
      .toSorted(),
  ).toEqual(["a", "b", "c"]);
});

test("what nobody promised is promised by no tree, and what was promised of a tree is", () => {
  const unknown = { ...partition("a", 4, 1), promised: undefined };
  expect(joinTrees([unknown])).toMatchObject([{ totals: { rows: 4 }, promised: undefined }]);
  const ofRoots = new Map([["public.tree", { rows: 5, checksum: sum(5) }]]);
  expect(joinTrees([unknown], ofRoots)).toMatchObject([{ totals: { rows: 4 }, promised: { rows: 5 } }]);
});

test("partitions that changed their rows, as many as they had, are whole as a tree", () => {
  const swapped = [partition("a", 2, 2, 3, 4), partition("b", 2, 2, 4, 3)];
  expect(joinTrees(swapped)).toMatchObject([
    { object: "table public.tree with its partitions", totals: { checksum: sum(7) }, promised: { checksum: sum(7) } },
  ]);
});

test("rows that came into another partition count for the tree", () => {
  const [tree, ...others] = joinTrees([partition("a", 4, 1), partition("b", 0, 3)]);
  expect(others).toEqual([]);
  expect(tree).toMatchObject({ totals: { rows: 4, checksum: sum(4) }, promised: { rows: 4, checksum: sum(4) } });
  const [lost] = joinTrees([partition("a", 3, 1), partition("b", 0, 3)]);
  expect(lost).toMatchObject({
    object: "table public.tree with its partitions",
    totals: { rows: 3 },
    promised: { rows: 4 },
  });
});
