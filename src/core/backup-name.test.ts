import fc from "fast-check";
import { expect, test } from "vitest";
import { backupBaseName, databaseLabel } from "./backup-name.ts";

test.each([
  ["shop", "shop"],
  ["My Shop", "My%20Shop"],
  [".hidden", "%2Ehidden"],
  ["-rf", "%2Drf"],
  ["a.b-c_d", "a.b-c_d"],
  ["100%", "100%25"],
  ["../../etc", "%2E.%2F..%2Fetc"],
  ['"; drop\n--', "%22%3B%20drop%0A--"],
  ["größe", "gr%C3%B6%C3%9Fe"],
])("%j becomes %s", (database, label) => expect(databaseLabel(database)).toBe(label));

test("a long name is cut between characters and told apart by a hash", () => {
  const [first, second] = ["ü".repeat(31), `${"ü".repeat(30)}a`].map(databaseLabel);
  expect(first!.length).toBeLessThanOrEqual(80);
  expect(first).toMatch(/^(%C3%BC|%C3|%BC)+-[0-9a-f]{8}$/);
  expect(first).not.toBe(second);
});

test("whatever the name, the label is one safe component, and no other name has it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 70 }), fc.string({ maxLength: 70 }), (a, b) => {
      fc.pre(Buffer.from(a).toString() !== Buffer.from(b).toString());
      const label = databaseLabel(a);
      expect(label).toMatch(/^([A-Za-z0-9_%][A-Za-z0-9._%-]{0,79})?$/);
      expect(label).not.toBe(databaseLabel(b));
    }),
  );
});

test("the name of a backup has kind, second and, for the second one of that second, a number", () => {
  const time = new Date("2026-11-20T23:30:00.999Z");
  expect(backupBaseName("shop", "full", time)).toBe("shop_full_20261120T233000Z");
  expect(backupBaseName("shop", "full", time, 2)).toBe("shop_full_20261120T233000Z-2");
});
