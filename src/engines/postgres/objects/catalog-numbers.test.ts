import fc from "fast-check";
import { expect, test } from "vitest";
import { CatalogNumbers } from "./catalog-numbers.ts";

const anyOid = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0xffff_ff00, max: 0xffff_ffff }));
const anyTable = fc.constantFrom(0, 1247, 1259, 0xffff_ffff);

test("does what a map of pairs does", () => {
  const step = fc.record({ table: anyTable, oid: anyOid, number: fc.integer({ min: 1, max: 0xffff_ffff }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const numbers = new CatalogNumbers();
      const expected = new Map<string, number>();
      for (const { table, oid, number } of steps) {
        expect(numbers.get(table, oid)).toBe(expected.get(`${table} ${oid}`) ?? 0);
        numbers.set(table, oid, number);
        expected.set(`${table} ${oid}`, number);
      }
      for (const { table, oid } of steps) expect(numbers.get(table, oid)).toBe(expected.get(`${table} ${oid}`));
    }),
  );
});

test("grows", () => {
  const numbers = new CatalogNumbers();
  for (let oid = 1; oid <= 20_000; oid++) for (const table of [1247, 1259]) numbers.set(table, oid, oid * 2);
  for (let oid = 1; oid <= 20_000; oid++) {
    for (const table of [1247, 1259]) if (numbers.get(table, oid) !== oid * 2) expect(`${table} ${oid}`).toBe("there");
    if (numbers.get(1255, oid) !== 0) expect(oid).toBe("not there");
  }
});
