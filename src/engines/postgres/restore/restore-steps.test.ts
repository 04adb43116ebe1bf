import { expect, test } from "vitest";
import { sampleEntry } from "../../../../tests/helpers/archive-samples.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { restoreSteps } from "./restore-steps.ts";

let nextId = 1;
function entry(desc: string, section: TocEntry["section"], tag = desc, dependencies = [nextId - 1]): TocEntry {
  return sampleEntry({ dumpId: nextId++, desc, tag, section, dependencies });
}

function steps(entries: readonly TocEntry[]): string[] {
  const selected = entries.map((one) => ({ entry: one, parts: { definition: true, data: true } }));
  return [...restoreSteps(selected)].map((step) => step.map((one) => one.entry.tag).join(" "));
}

test("definitions come one by one, rows and what is built on them beside each other", () => {
  const entries = [
    entry("TABLE", "pre-data", "a"),
    entry("COMMENT", "none", "comment"),
    entry("TABLE DATA", "data", "rows"),
    entry("INDEX", "post-data", "index"),
    entry("COMMENT", "none", "of-index"),
    entry("TRIGGER", "post-data", "trigger"),
  ];
  expect(steps(entries)).toEqual(["a", "comment", "rows index of-index trigger"]);
});

test("privileges come one by one, also right after rows", () => {
  const entries = [
    entry("TABLE DATA", "data", "rows"),
    entry("ACL", "none", "of-schema"),
    entry("ACL", "none", "of-function"),
    entry("DEFAULT ACL", "none", "of-role"),
    entry("MATERIALIZED VIEW DATA", "data", "view"),
    entry("EVENT TRIGGER", "post-data", "event"),
    entry("COMMENT", "none", "EVENT TRIGGER event"),
  ];
  expect(steps(entries)).toEqual(["rows", "of-schema", "of-function", "of-role", "view event EVENT TRIGGER event"]);
});

test("a comment on what no entry makes waits for all before it", () => {
  const entries = [
    entry("TABLE DATA", "data", "rows"),
    entry("CHECK CONSTRAINT", "post-data", "above"),
    entry("COMMENT", "none", "of-inherited", [1_000_000]),
    entry("INDEX", "post-data", "index"),
  ];
  expect(steps(entries)).toEqual(["rows above", "of-inherited", "index"]);
});
