import { expect, test } from "vitest";
import { DumpTimeLeft } from "./dump-time-left.ts";

function dumpOf(total: number) {
  const clock = { seconds: 100 };
  return { clock, left: new DumpTimeLeft(total, () => clock.seconds) };
}
const unknown = (): undefined => undefined;

test("nothing is said before anything was seen", () => {
  const { clock, left } = dumpOf(1000);
  expect(left.seconds).toBeUndefined();
  left.begin({ estimated: 1000, rows: 0, share: unknown });
  clock.seconds += 10;
  expect(left.seconds).toBeUndefined();
  left.addBytes(10);
  expect(left.seconds).toBeDefined();
});

test("the time goes by the parts of a table, whatever bytes come of them", () => {
  const { clock, left } = dumpOf(1000);
  left.begin({ estimated: 1000, rows: 10, share: () => 0.25 });
  left.addBytes(100_000);
  clock.seconds += 10;
  expect(left.seconds).toBeCloseTo(30);
});

test("tables of which nothing else is known go by their bytes, at the measure of those before", () => {
  const { clock, left } = dumpOf(300);
  left.begin({ estimated: 100, rows: 0, share: unknown });
  left.addBytes(50);
  left.end();
  clock.seconds += 10;
  expect(left.seconds).toBeCloseTo(20);
  left.begin({ estimated: 200, rows: 0, share: unknown });
  left.addBytes(50);
  clock.seconds += 10;
  expect(left.seconds).toBeCloseTo(10);
  left.addBytes(500);
  expect(left.seconds).toBeGreaterThan(0);
  left.end();
  expect(left.seconds).toBe(0);
});

test("of one table alone, rows and their headers tell how much text there will be", () => {
  const { clock, left } = dumpOf(10_000);
  left.begin({ estimated: 10_000, rows: 100, share: unknown });
  left.addBytes(3600);
  clock.seconds += 10;
  expect(left.seconds).toBeCloseTo(10);
});
