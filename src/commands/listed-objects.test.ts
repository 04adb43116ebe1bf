import { expect, test } from "vitest";
import { seededRandom } from "../../tests/helpers/seeded-random.ts";
import { ListedObjects } from "./listed-objects.ts";

test("whatever is asked for, in whatever order, is found as in a map", () => {
  const random = seededRandom(11);
  for (let round = 0; round < 20; round++) {
    const objects = new ListedObjects();
    const expected = new Map<string, number>();
    const count = Math.floor(random() * 300);
    for (let n = 0; n < count; n++) {
      const [key, size] = [`k${n}`, n % 7 === 0 ? Number.NaN : n];
      expect(objects.add(key, size)).toBe(n);
      expect(objects.at(n)).toEqual({ key, size });
      expected.set(key, size);
    }
    expect(objects.keys()).toEqual([...expected.keys()]);
    let at = 0;
    for (let n = 0; n < 300; n++) {
      // Mostly onwards, as listings of backups ask.
      at = random() < 0.8 ? at + Math.floor(random() * 4) : Math.floor(random() * (count + 3));
      const key = `k${at}`;
      expect(objects.get(key), key).toEqual(expected.get(key));
      expect(objects.has(key), key).toBe(expected.has(key));
    }
  }
});
