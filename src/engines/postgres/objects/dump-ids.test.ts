import fc from "fast-check";
import { expect, test } from "vitest";
import { DumpIds } from "./dump-ids.ts";

test("does what a Set does, with few ids and with many", () => {
  const step = fc.record({ id: fc.integer({ min: 1, max: 20 }), isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ids = new DumpIds();
      const expected = new Set<number>();
      for (const { id, isAdded } of steps) {
        if (isAdded) {
          ids.add(id);
          expected.add(id);
        } else {
          expect(ids.delete(id)).toBe(expected.delete(id));
        }
        expect(ids.size).toBe(expected.size);
      }
      expect([...ids]).toEqual([...expected]);
      const visited: number[] = [];
      ids.forEach((id) => {
        visited.push(id);
      });
      expect(visited).toEqual([...expected]);
      for (let id = 1; id <= 20; id++) expect(ids.has(id)).toBe(expected.has(id));
    }),
  );
});
