import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryObject } from "../../tests/helpers/memory-object.ts";
import { HashedObject } from "./hashed-object.ts";

test("the hash is that of the whole object, whatever was read in which order", async () => {
  const bytes = randomBytes(5000);
  const expected = createHash("sha256").update(bytes).digest("hex");
  const reads = fc.array(fc.tuple(fc.nat(5200), fc.integer({ min: 1, max: 3000 })), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(reads, async (wanted) => {
      const object = new HashedObject(memoryObject(bytes));
      for (const [position, length] of wanted) {
        const target = Buffer.alloc(length);
        const count = await object.readAt(position, target);
        expect(target.subarray(0, count).equals(bytes.subarray(position, position + length))).toBe(true);
      }
      expect(await object.finish()).toBe(expected);
    }),
  );
});

test("a flipped bit changes it", async () => {
  const bytes = Buffer.alloc(100);
  const before = await new HashedObject(memoryObject(bytes)).finish();
  bytes[99] = 1;
  expect(await new HashedObject(memoryObject(bytes)).finish()).not.toBe(before);
});
