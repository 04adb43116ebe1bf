import fc from "fast-check";
import { expect, test } from "vitest";
import { sampleEntry } from "../../../../tests/helpers/archive-samples.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { heirsOfTables } from "./heirs-of-tables.ts";
import { RestoreSchedule, type ScheduledEntry } from "./restore-schedule.ts";
import type { SelectedEntry } from "./select/select-entries.ts";

let nextId = 1;
function entry(desc: string, needs: readonly TocEntry[] = [], part: Partial<TocEntry> = {}): TocEntry {
  const section = desc === "TABLE DATA" ? "data" : desc === "TABLE" ? "pre-data" : "post-data";
  const dependencies = needs.map(({ dumpId }) => dumpId);
  return sampleEntry({ dumpId: nextId++, desc, tag: desc, section, dependencies, definition: "SQL;\n", ...part });
}

function isLocking({ desc }: TocEntry): boolean {
  return desc === "CONSTRAINT" || desc === "TRIGGER";
}

const everything = { definition: true, data: true };

function scheduleOf(entries: readonly TocEntry[], weights: ReadonlyMap<TocEntry, number> = new Map()) {
  const byId = new Map([...weights].map(([{ dumpId }, weight]) => [dumpId, weight]));
  const selected = entries.map((one): SelectedEntry => ({ entry: one, parts: everything }));
  return new RestoreSchedule(selected, { weightOf: (dumpId) => byId.get(dumpId) ?? 0 });
}

/** All that can begin now. */
function begun(schedule: RestoreSchedule): ScheduledEntry[] {
  const found: ScheduledEntry[] = [];
  for (let next = schedule.begin(); next !== undefined; next = schedule.begin()) found.push(next);
  return found;
}

const descs = (all: readonly SelectedEntry[]): string[] => all.map((one) => one.entry.desc);

test("what depends on a table waits for its rows, not for those of others", () => {
  const [a, b] = [entry("TABLE"), entry("TABLE")];
  const [rowsOfA, rowsOfB] = [entry("TABLE DATA", [a]), entry("TABLE DATA", [b])];
  const [index, key] = [entry("INDEX", [a]), entry("CONSTRAINT", [b])];
  const schedule = scheduleOf([rowsOfA, rowsOfB, index, key]);
  const [first, second] = begun(schedule);
  expect([first!.entry, second!.entry]).toEqual([rowsOfA, rowsOfB]);
  schedule.end(second!);
  expect(begun(schedule).map((one) => one.entry)).toEqual([key]);
  schedule.end(first!);
  expect(begun(schedule).map((one) => one.entry)).toEqual([index]);
  expect(schedule.isDone).toBe(false);
});

test("triggers, checks and foreign keys of a tree wait for the rows of partitions and heirs, its indexes do not", () => {
  const [root, target] = [entry("TABLE", [], { tag: "root" }), entry("TABLE", [], { tag: "target" })];
  const middle = entry("TABLE", [], { tag: "middle" });
  const attach = entry("TABLE ATTACH", [middle, root], { tag: "middle" });
  const heir = entry("TABLE", [middle], { tag: "heir" });
  const [rowsOfTarget, rowsOfHeir] = [entry("TABLE DATA", [target]), entry("TABLE DATA", [heir])];
  const whole = { definition: "ALTER TABLE root ADD;\n" };
  const waiting = [
    entry("TRIGGER", [root]),
    entry("CHECK CONSTRAINT", [root], whole),
    entry("FK CONSTRAINT", [root, target], whole),
  ];
  const index = entry("INDEX", [root]);
  const selected = [rowsOfTarget, rowsOfHeir, ...waiting, index].map(
    (one): SelectedEntry => ({ entry: one, parts: everything }),
  );
  const heirsOf = heirsOfTables([root, target, middle, heir, attach]);
  const schedule = new RestoreSchedule(selected, { weightOf: () => 0, heirsOf });
  const first = begun(schedule);
  expect(first.map((one) => one.entry)).toEqual([rowsOfTarget, rowsOfHeir, index]);
  schedule.end(first[0]!);
  schedule.end(first[2]!);
  expect(begun(schedule)).toEqual([]);
  schedule.end(first[1]!);
  expect(descs(begun(schedule))).toEqual(["TRIGGER"]);
});

test("the largest rows are loaded first, and what is built on them", () => {
  const tables = [entry("TABLE"), entry("TABLE"), entry("TABLE")];
  const rows = tables.map((table) => entry("TABLE DATA", [table]));
  const indexes = tables.map((table) => entry("INDEX", [table]));
  const weights = new Map([
    [rows[0]!, 5],
    [rows[1]!, 100],
    [rows[2]!, 50],
  ]);
  const schedule = scheduleOf([...rows, ...indexes], weights);
  const loaded = begun(schedule);
  expect(loaded.map((one) => one.entry)).toEqual([rows[1], rows[2], rows[0]]);
  for (const one of loaded) schedule.end(one);
  expect(begun(schedule).map((one) => one.entry)).toEqual([indexes[1], indexes[2], indexes[0]]);
});

test("indexes of a table are built beside each other, and nothing beside what locks it", () => {
  const [a, b] = [entry("TABLE"), entry("TABLE")];
  const [one, two] = [entry("INDEX", [a]), entry("INDEX", [a])];
  const foreignKey = entry("FK CONSTRAINT", [b, a]);
  const trigger = entry("TRIGGER", [b]);
  const schedule = scheduleOf([one, two, foreignKey, trigger]);
  const first = begun(schedule);
  expect(descs(first)).toEqual(["INDEX", "INDEX", "TRIGGER"]);
  schedule.end(first[0]!);
  schedule.end(first[2]!);
  expect(begun(schedule)).toEqual([]);
  schedule.end(first[1]!);
  expect(descs(begun(schedule))).toEqual(["FK CONSTRAINT"]);
});

test("what takes longest on the same rows goes first", () => {
  const table = entry("TABLE");
  const rows = entry("TABLE DATA", [table]);
  const indexes = [entry("INDEX", [table]), entry("INDEX", [table], { tag: "text" }), entry("INDEX", [table])];
  const selected = [rows, ...indexes].map((one): SelectedEntry => ({ entry: one, parts: everything }));
  const schedule = new RestoreSchedule(selected, {
    weightOf: (dumpId) => (dumpId === rows.dumpId ? 100 : 0),
    shareOf: ({ tag }) => (tag === "text" ? 1 : 0.3),
  });
  schedule.end(schedule.begin()!);
  expect(begun(schedule).map((one) => one.entry)).toEqual([indexes[1], indexes[0], indexes[2]]);
});

test("a key in two steps is made beside the indexes of its table, and its long step in its turn", () => {
  const table = entry("TABLE");
  const key = entry("CONSTRAINT", [table]);
  const indexes = [entry("INDEX", [table]), entry("INDEX", [table])];
  const selected = [key, ...indexes, entry("FK CONSTRAINT", [key])].map(
    (one): SelectedEntry => ({ entry: one, parts: everything }),
  );
  const schedule = new RestoreSchedule(selected, {
    weightOf: () => 1,
    inTwoSteps: (one) =>
      one !== key
        ? undefined
        : {
            first: { sql: "INDEX\n", locks: new Map([[table.dumpId, "share"]]) },
            second: { sql: "USING\n", locks: new Map([[table.dumpId, "access-exclusive"]]) },
            long: "first",
            undo: "DROP",
          },
  });
  const first = begun(schedule);
  expect(first.map((one) => one.entry.definition)).toEqual(["INDEX\n", "SQL;\n", "SQL;\n"]);
  for (const one of first.slice(0, 2)) schedule.end(one);
  expect(begun(schedule)).toEqual([]);
  schedule.end(first[2]!);
  const [using, ...others] = begun(schedule);
  expect([using!.entry.definition, using!.undo, others]).toEqual(["USING\n", "DROP", []]);
  schedule.end(using!);
  expect(descs(begun(schedule))).toEqual(["FK CONSTRAINT"]);
});

test("after a first step that failed there is no second, and those who waited go on", () => {
  const table = entry("TABLE");
  const key = entry("CONSTRAINT", [table]);
  const selected = [key, entry("FK CONSTRAINT", [key])].map(
    (one): SelectedEntry => ({ entry: one, parts: everything }),
  );
  const step = { sql: "", locks: new Map() };
  const schedule = new RestoreSchedule(selected, {
    weightOf: () => 1,
    inTwoSteps: (one) => (one === key ? { first: step, second: step, long: "first", undo: "" } : undefined),
  });
  schedule.end(schedule.begin()!, false);
  expect(descs(begun(schedule))).toEqual(["FK CONSTRAINT"]);
});

test("an index that alters its table is alone with it", () => {
  const table = entry("TABLE");
  const replica = entry("INDEX", [table], {
    definition: "CREATE UNIQUE INDEX i ON a (x);\n\nALTER TABLE ONLY a REPLICA IDENTITY USING INDEX i;\n",
  });
  expect(begun(scheduleOf([replica, entry("INDEX", [table])]))).toHaveLength(1);
});

test("after rows that go through the root of a tree, and not before, come keys and indexes", () => {
  const [root, leaf] = [entry("TABLE"), entry("TABLE")];
  const rows = entry("TABLE DATA", [leaf], { definition: "-- load via partition root public.root" });
  const schedule = scheduleOf([rows, entry("INDEX", [root])]);
  const [first, ...others] = begun(schedule);
  expect([first!.entry, others]).toEqual([rows, []]);
  schedule.end(first!);
  expect(descs(begun(schedule))).toEqual(["INDEX"]);
});

test("whatever depends on what, everything is restored once, in order, and locks are kept", () => {
  const kinds = ["TABLE DATA", "INDEX", "CONSTRAINT", "TRIGGER"] as const;
  const one = fc.record({
    kind: fc.constantFrom(...kinds),
    // Places of other entries, also later ones, which no honest archive has.
    needs: fc.array(fc.nat(30), { maxLength: 4 }),
    tables: fc.array(fc.nat(5), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 30 }), fc.infiniteStream(fc.nat(7)), (shapes, picks) => {
      const tables = Array.from({ length: 6 }, () => entry("TABLE"));
      const base = nextId;
      nextId += shapes.length;
      const entries = shapes.map(({ kind, needs, tables: used }, place) =>
        entry(kind, [], {
          dumpId: base + place,
          dependencies: [...needs.map((at) => base + at), ...used.map((at) => tables[at]!.dumpId)],
        }),
      );
      const schedule = scheduleOf(entries);
      const running: ScheduledEntry[] = [];
      const ended = new Set<number>();
      while (!schedule.isDone) {
        for (const next of begun(schedule)) {
          for (const id of next.entry.dependencies) {
            if (id >= base && id < next.entry.dumpId) expect(ended.has(id)).toBe(true);
          }
          for (const other of running) {
            if (!isLocking(other.entry) && !isLocking(next.entry)) continue;
            expect(other.entry.dependencies.filter((id) => next.entry.dependencies.includes(id))).toEqual([]);
          }
          running.push(next);
        }
        expect(running.length, "something runs").toBeGreaterThan(0);
        const [done] = running.splice((picks.next().value as number) % running.length, 1);
        schedule.end(done!);
        ended.add(done!.entry.dumpId);
      }
      expect(ended.size).toBe(entries.length);
    }),
    { numRuns: 500 },
  );
});

test("rows of an extension's tables are loaded one after another, as foreign keys of theirs want it", () => {
  const table = entry("TABLE");
  const [first, own, second] = [entry("TABLE DATA"), entry("TABLE DATA", [table]), entry("TABLE DATA")];
  const selected = [first, own, second].map((one): SelectedEntry => ({ entry: one, parts: everything }));
  const weights = new Map([[second.dumpId, 100]]);
  const schedule = new RestoreSchedule(selected, {
    weightOf: (dumpId) => weights.get(dumpId) ?? 0,
    isFoundThere: ({ dependencies }) => dependencies.length === 0,
  });
  const begunFirst = begun(schedule);
  expect(begunFirst.map((one) => one.entry)).toEqual([first, own]);
  schedule.end(begunFirst[0]!);
  expect(begun(schedule).map((one) => one.entry)).toEqual([second]);
});
