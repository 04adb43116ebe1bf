import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { TransferLimits } from "./transfer-limits.ts";

test("so many requests are made at once, in the order of the calls, and a failed one gives its place to the next", async () => {
  const limits = new TransferLimits({ connections: 2, signal: new AbortController().signal });
  const began: number[] = [];
  const ends: (() => void)[] = [];
  const all = Array.from({ length: 5 }, (_, number) =>
    limits.within(async () => {
      began.push(number);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (number === 0) throw new Error("lost");
    }),
  );
  const settled = Promise.allSettled(all);
  for (let ended = 0; ended < 5; ended++) {
    await setImmediate();
    expect(began).toHaveLength(Math.min(5, ended + 2));
    ends[ended]!();
  }
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", ...Array(4).fill("fulfilled")]);
  expect(began).toEqual([0, 1, 2, 3, 4]);
});

test("bytes wait for those before them, and for nothing once the process is to end", async () => {
  const end = new AbortController();
  const limits = new TransferLimits({ bytesPerSecond: 1, signal: end.signal });
  const passed: number[] = [];
  const all = [1_000_000, 10, 20].map((bytes) => limits.pass(bytes).then(() => passed.push(bytes)));
  await all[0];
  await setImmediate();
  expect(passed).toEqual([1_000_000]);
  end.abort();
  await Promise.all(all);
  await limits.pass(1_000_000);
  expect(passed).toEqual([1_000_000, 10, 20]);
});

test("without limits nothing waits", async () => {
  const limits = new TransferLimits({ signal: new AbortController().signal });
  await Promise.all(Array.from({ length: 100 }, () => limits.within(() => limits.pass(1e12))));
});
