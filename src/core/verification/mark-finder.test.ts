import { expect, test } from "vitest";
import { MarkFinder } from "./mark-finder.ts";

test("each backup has its own records, in whatever order names come", () => {
  const names = ["a.dump", "a.dump.b", "a", "ä.dump", "b.dump", "😀.dump", "\uffee.dump", "a-b.dump"];
  const records = names.flatMap((name) =>
    ["20261101T000000Z-full-ok", "20261102T000000Z-restore-damaged"].map((rest) => `${name}.${rest}.verify.json`),
  );
  const others = names.flatMap((name) => [name, `${name}.meta.json`, `${name}.x.verify.json`]);
  for (const keys of [[...records, ...others], [...others, ...records].toReversed()]) {
    const finder = new MarkFinder(keys);
    for (const name of names) {
      const found = finder.of(name).map(({ level, status }) => `${level} ${status}`);
      expect(found, name).toEqual(["full ok", "restore damaged"]);
    }
    expect(finder.of("c.dump")).toEqual([]);
  }
  expect(new MarkFinder([]).of("a")).toEqual([]);
});
