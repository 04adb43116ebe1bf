import { expect, test } from "vitest";
import { formatFileNote, formatRecord, formatResumedNote, readNotes, readRecord } from "./backup-notes.ts";

const record = {
  id: "01a1ff7c-e1fd-7d6b-a06c-b17197d8bad3",
  started: "2026-11-21T19:02:16.824Z",
  database: 'a "b"\n',
  output: null,
  options: { "--compression": "gzip-4", "--table": ["x"] },
  source: { database: "5 a" },
};

const artifact = (name: string, size: number) => ({
  name,
  size,
  sha256: "ab",
  plainSize: size,
  plainSha256: "ab",
});

async function* lines(...all: string[]): AsyncGenerator<string> {
  yield* all;
}

test("the first note is read back, and is one line", () => {
  const line = formatRecord(record);
  expect(line).not.toContain("\n");
  expect(readRecord(line)).toMatchObject(record);
});

test.each([
  ["of another version", formatRecord(record).replace('"version":1', '"version":2')],
  ["of something else", '{"kind":"restore","version":1}'],
  ["cut", formatRecord(record).slice(0, -1)],
  ["of an odd id", formatRecord({ ...record, id: "x\u001b[2J" })],
])("a first note %s is none", (_, line) => {
  expect(readRecord(line)).toBeUndefined();
});

test("of two notes of a file the later counts; torn lines are none", async () => {
  const rows = { rows: 3, bytes: 12, checksum: "00" };
  const torn = formatFileNote(artifact("3.dat", 9), rows).slice(0, -1);
  const notes = await readNotes(
    lines(
      formatRecord(record),
      formatFileNote(artifact("1.dat", 5), rows),
      formatResumedNote(new Date(5)),
      formatFileNote(artifact("1.dat", 7), { rows: 0, bytes: 4 }),
      torn,
      "",
      "null",
    ),
  );
  expect([...notes.files]).toEqual([["1.dat", { artifact: artifact("1.dat", 7), contents: { rows: 0, bytes: 4 } }]]);
  expect(notes.resumed).toEqual([new Date(5)]);
});
