import { expect, test } from "vitest";
import { codec } from "../../../../tests/helpers/codec.ts";
import { CustomArchiveWriter } from "./custom-archive-writer.ts";
import { EncodedContents } from "./encoded-contents.ts";
import { headerEntries } from "./header-entries.ts";
import type { TocEntry } from "./toc-entry.ts";

const header = {
  minor: 14,
  compression: { method: "none", level: 0 },
  createdAt: { second: 1, minute: 2, hour: 3, day: 4, month: 5, year: 2026, daylightSaving: 1 },
  database: "db",
  serverVersion: "15.1",
  dumperVersion: "dbbackup",
} as const;

const tableData: TocEntry = {
  ...headerEntries(
    { encoding: "UTF8", database: { catalog: { table: 0, oid: 0 }, name: "", owner: "", create: "", drop: "" } },
    () => 7,
  )[0]!,
  hadDumper: true,
  tag: "t",
  desc: "TABLE DATA",
  section: "data",
  definition: null,
  copy: "COPY public.t (a) FROM stdin;\n",
  namespace: "public",
  dependencies: [3, 4_000_000],
};

function collector() {
  const pieces: Buffer[] = [];
  return {
    sink: { write: async (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) },
    all: () => Buffer.concat(pieces),
  };
}

function int(value: number): number[] {
  return [value < 0 ? 1 : 0, ...Buffer.from(new Uint32Array([Math.abs(value)]).buffer)];
}

function text(value: string | null): number[] {
  return value === null ? int(-1) : [...int(value.length), ...Buffer.from(value)];
}

test("header, entry and chunks have exactly the documented bytes", async () => {
  const { sink, all } = collector();
  const recycled: Buffer[] = [];
  const writer = await CustomArchiveWriter.open({
    sink,
    codec,
    header,
    entries: [tableData],
    recycle: (block) => recycled.push(block),
  });
  const data = await writer.openTableData(7);
  const row = Buffer.from("1\n");
  await data.write(row);
  await data.end();
  await writer.finish();

  expect([...all()]).toEqual([
    ...Buffer.from("PGDMP"),
    1,
    14,
    0,
    4,
    8,
    1,
    ...int(0),
    ...[1, 2, 3, 4, 5, 126, 1].flatMap(int),
    ...["db", "15.1", "dbbackup"].flatMap(text),
    ...int(1),
    ...[7, 1].flatMap(int),
    ...["0", "0", "t", "TABLE DATA"].flatMap(text),
    ...int(3),
    ...[
      null,
      null,
      "COPY public.t (a) FROM stdin;\n",
      "public",
      null,
      null,
      null,
      "false",
      "3",
      "4000000",
      null,
    ].flatMap(text),
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    ...int(7),
    ...int(2),
    ...row,
    ...int(5),
    ...Buffer.from("\\.\n\n\n"),
    ...int(0),
  ]);
  expect(recycled).toEqual([row]);
});

test("data out of order, doubled or missing is a fault of the caller", async () => {
  const { sink } = collector();
  const entries = [tableData, { ...tableData, dumpId: 8 }];
  const writer = await CustomArchiveWriter.open({ sink, codec, header, entries });
  expect(writer.dataOrder).toEqual([7, 8]);
  await expect(writer.openTableData(8)).rejects.toThrow("out of order");
  await writer.openTableData(7);
  await expect(writer.openTableData(8)).rejects.toThrow("not ended");
  await expect(writer.finish()).rejects.toThrow("missing");
});

test("entries that were encoded as they came are the bytes of those that were listed", async () => {
  const others = Array.from({ length: 5000 }, (_, index) => ({
    ...tableData,
    dumpId: index + 8,
    hadDumper: index % 3 === 0,
    copy: index % 6 === 0 ? tableData.copy : null,
    tag: `t${index}`,
    definition: "x".repeat(index % 200),
    dependencies: index % 2 === 0 ? [] : [7, index],
  }));
  const entries = [tableData, ...others];
  const listed = collector();
  const writer = await CustomArchiveWriter.open({ sink: listed.sink, codec, header, entries });
  const encoded = collector();
  const asked: number[] = [];
  const contents = new EncodedContents(header.minor, (dumpId, own) => {
    asked.push(dumpId);
    return own;
  });
  for (const entry of entries) contents.add(entry);
  expect(asked).toEqual([]);
  const other = await CustomArchiveWriter.openWith({ sink: encoded.sink, codec, header }, contents);
  expect(asked).toEqual(entries.map(({ dumpId }) => dumpId));
  expect(other.dataOrder).toEqual(writer.dataOrder);
  expect([...contents.withCopy]).toEqual(entries.filter(({ copy }) => copy !== null).map(({ dumpId }) => dumpId));
  expect(encoded.all().length).toBeGreaterThan(2 ** 20);
  // What is gathered last is written with the data.
  expect(listed.all().equals(encoded.all())).toBe(true);
});
