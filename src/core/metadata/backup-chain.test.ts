import { expect, test } from "vitest";
import { type ChainLinks, chainFindings, nextLinks } from "./backup-chain.ts";

interface Made extends ChainLinks {
  readonly id: string;
  readonly timestamp: string;
  readonly duration_seconds: number;
  readonly sealed: string;
}

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

/** A backup that saw these others when it was committed. */
function make(id: string, minute: number, seen: readonly Made[], seconds = 60): Made {
  const sealed = Buffer.from(`sealed ${id}`).toString("base64");
  return { id, timestamp: at(minute), duration_seconds: seconds, sealed, ...nextLinks(seen) };
}

const a = make("a", 0, []);
const b = make("b", 60, [a]);
const c = make("c", 120, [a, b]);
const all = [a, b, c];
const told = (backups: readonly Made[]) => chainFindings(backups).map(({ id, message }) => `${id}: ${message}`);

test("each backup stands behind the last, and a chain that is whole says nothing", () => {
  expect(all.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(c).toMatchObject({ previous: { id: "b" } });
  expect(told(all)).toEqual([]);
  expect(told(all.toReversed())).toEqual([]);
});

test("runs at the same time, on machines that do not see each other, are no alarm; the next stands behind all of them", () => {
  // Two that see the same, one of them for hours.
  const long = make("long", 180, all, 4 * 3600);
  const short = make("short", 185, all);
  const third = make("third", 200, [...all, short]);
  const next = make("next", 500, [...all, long, short, third]);
  expect(next).toMatchObject({ sequence: 6, previous: { id: "third" }, merged: [{ id: "long" }] });
  expect(told([...all, long, short, third, next])).toEqual([]);
});

test("a backup that is gone is told, and which one", () => {
  expect(told([a, c])).toEqual(['c: the backup before it, "b", is not there: it was removed, or never copied here']);
  // The oldest ones go when they are old, which is told in the same words.
  expect(told([b, c])).toHaveLength(1);
});

test("a backup that was exchanged is told", () => {
  const exchanged = { ...b, sealed: Buffer.from("another").toString("base64") };
  expect(told([a, exchanged, c])).toEqual([expect.stringMatching(/^b: it is not the one that "c" was made behind/)]);
});

test("a copy under another name is told", () => {
  expect(told([...all, b])).toEqual([expect.stringMatching(/^b: it is there twice/)]);
});

test("a fork: somebody hid the latest backup from the next run, and put it back", () => {
  const behindB = make("d", 300, [a, b]);
  expect(told([...all, behindB])).toEqual([expect.stringMatching(/^d: it was made behind the same backup as "c"/)]);
});

test("a repository that was set back, and goes on", () => {
  const behindA = make("e", 300, [a]);
  expect(told([...all, behindA])).toEqual([
    expect.stringMatching(/^e: it has number 2, and "c", which was made before it, has 3: the repository was set back/),
  ]);
});

test("backups that were made before there were numbers, and those of others, are left alone", () => {
  const { sequence: _, ...old } = make("old", 10, []);
  expect(told([old, ...all])).toEqual([]);
  expect(nextLinks([old])).toEqual({ sequence: 1 });
});
