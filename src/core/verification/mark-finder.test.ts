import { expect, test } from "vitest";
import { MarkFinder } from "./mark-finder.ts";

/** More of some than of others. */
const recordsOf = (name: string, n: number) =>
  Array.from(
    { length: n % 12 },
    (_, day) => `${name}.202611${String(day + 1).padStart(2, "0")}T000000Z-full-ok.verify.json`,
  );

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

test("in the order of names or not, all of a backup are found", () => {
  const names = Array.from({ length: 60 }, (_, n) => `db${n % 7}_${n}.dump`).toSorted();
  const finder = new MarkFinder(names.flatMap(recordsOf));
  const orders = [names, names.toReversed(), names.toSorted((a, b) => (a.slice(4) < b.slice(4) ? -1 : 1))];
  for (const order of orders) {
    for (const name of order) {
      expect(
        finder.of(name).map(({ key }) => key),
        name,
      ).toEqual(recordsOf(name, names.indexOf(name)));
      expect(finder.of(`${name}-2`)).toEqual([]);
    }
  }
});

test("it knows by their names which backups may be proved or damaged", () => {
  const finder = new MarkFinder([
    "a.20261101T000000Z-full-ok.verify.json",
    "b.20261101T000000Z-restore-ok.verify.json",
    "c.20261101T000000Z-quick-damaged-2.verify.json",
    "d.20261101T000000Z.verify.json",
    "e.20261101T000000Z-restore-damaged.verify.json",
    "f.20261101T000000Z-full-ok-2.verify.json",
    "g.20261101T000000Z-deep-ok.verify.json",
    "h.dump",
  ]);
  expect([...finder.proved]).toEqual(["b", "d"]);
  expect([...finder.doubtful]).toEqual(["c", "d", "e"]);
});
