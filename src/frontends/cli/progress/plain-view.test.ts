import { expect, test } from "vitest";
import { PlainView } from "./plain-view.ts";

test("a line now and then says what is known, also when that is nothing yet", () => {
  const lines: string[] = [];
  let now = 0;
  const view = new PlainView(
    (line) => lines.push(line),
    () => now,
  );
  view.show({ event: "phase", phase: "script", message: "running the script" });
  const nothing = { event: "progress", bytes: 0, rows: 0, objects: 0 } as const;
  view.show(nothing);
  now = 6000;
  view.show(nothing);
  now = 12_000;
  view.show({ event: "progress", bytes: 2048, rows: 3, objects: 1 });
  expect(lines.slice(0, 2)).toEqual(["dbbackup: running the script\n", "dbbackup: running the script: still at it\n"]);
  expect(lines[2]).toMatch(/^dbbackup: running the script: 2\.0 KiB, 3 rows/);
  expect(lines).toHaveLength(3);
});
