import { expect, test } from "vitest";
import { BarView } from "./bar-view.ts";
import { PlainView } from "./plain-view.ts";
import { ProgressState } from "./progress-state.ts";

const phase = { event: "phase", phase: "data", message: "dumping" } as const;

test("rate and time left follow the last seconds, not the whole run", () => {
  let now = 0;
  const state = new ProgressState(() => now);
  state.take(phase);
  state.take({ event: "estimate", bytes: 30_000, rows: 0, objects: 0 });
  for (let second = 1; second <= 10; second++) {
    now = second * 1000;
    state.take({ event: "progress", bytes: second * 1000, rows: second, objects: 0 });
  }
  expect(state.rate).toBe(1000);
  expect(state.secondsLeft).toBe(20);
  for (let second = 11; second <= 21; second++) {
    now = second * 1000;
    state.take({ event: "progress", bytes: 10_000 + (second - 10) * 100, rows: 0, objects: 0 });
  }
  expect(state.rate).toBeCloseTo(100);
});

test("nothing is promised that is not known, and an estimate that was too small never shows 100 %", () => {
  const state = new ProgressState(() => 0);
  state.take(phase);
  expect([state.share, state.secondsLeft, state.rate]).toEqual([undefined, undefined, 0]);
  state.take({ event: "estimate", bytes: 10, rows: 0, objects: 0 });
  state.take({ event: "progress", bytes: 20, rows: 0, objects: 0 });
  expect(state.share).toBe(0.99);
  expect(state.secondsLeft).toBeUndefined();
});

test("the bar never fills a line, and draws at most ten times a second", () => {
  let now = 0;
  const written: string[] = [];
  const view = new BarView({ columns: 30, write: (text: string) => written.push(text) > 0 } as never, () => now);
  view.show({ ...phase, message: "x".repeat(100) });
  for (now = 1; now < 1000; now++) view.show({ event: "progress", bytes: now, rows: 0, objects: 0 });
  const lines = written.filter((text) => !text.startsWith("\r"));
  expect(lines.length).toBeLessThanOrEqual(11);
  expect(lines.every((line) => line.length <= 29)).toBe(true);
});

test("plain lines come every few seconds", () => {
  let now = 0;
  const lines: string[] = [];
  const view = new PlainView(
    (line) => lines.push(line),
    () => now,
  );
  view.show(phase);
  view.show({ event: "estimate", bytes: 100_000, rows: 0, objects: 0 });
  for (now = 100; now <= 12_000; now += 100) view.show({ event: "progress", bytes: now, rows: now, objects: 0 });
  expect(lines).toHaveLength(4);
  expect(lines[1]).toBe("dbbackup: dumping: about 98 KiB\n");
  expect(lines[2]).toMatch(/^dbbackup: dumping: 5 %, 4.9 KiB, 5,000 rows, 1000 B\/s, 1:35 left\n$/);
});

test("what a rate allows is said before the start, and the age of the snapshot when it begins to matter", () => {
  let now = 0;
  const lines: string[] = [];
  const view = new PlainView(
    (line) => lines.push(line),
    () => now,
  );
  view.show({ event: "snapshot", xmin: "750" });
  view.show(phase);
  view.show({ event: "estimate", bytes: 1_000_000, rows: 0, objects: 0, least_seconds: 300 });
  for (now = 1000; now <= 61_000; now += 1000) view.show({ event: "progress", bytes: now, rows: 0, objects: 0 });
  expect(lines[1]).toBe("dbbackup: dumping: about 977 KiB, at least 5:00\n");
  expect(lines[2]).not.toContain("snapshot");
  expect(lines.at(-1)).toMatch(/, snapshot 1:00 old\n$/);
});
