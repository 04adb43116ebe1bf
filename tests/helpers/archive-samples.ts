import type { CompressionMethod } from "../../src/core/compression.ts";
import type { ArchiveOptions } from "../../src/engines/postgres/archive/archive-options.ts";
import type { WritableMinor } from "../../src/engines/postgres/archive/archive-version.ts";
import type { ArchiveWriter } from "../../src/engines/postgres/archive/archive-writer.ts";
import { bareEntry } from "../../src/engines/postgres/archive/bare-entry.ts";
import { CustomArchiveWriter } from "../../src/engines/postgres/archive/custom-archive-writer.ts";
import type { DataBlock } from "../../src/engines/postgres/archive/data-block.ts";
import { openDirectoryArchive } from "../../src/engines/postgres/archive/directory-writer.ts";
import { headerEntries } from "../../src/engines/postgres/archive/header-entries.ts";
import { openTarWriter } from "../../src/engines/postgres/archive/tar/tar-writer.ts";
import type { TocEntry } from "../../src/engines/postgres/archive/toc-entry.ts";
import { codec } from "./codec.ts";
import { memorySink, memorySpool } from "./memory-object.ts";

/** Data of an archive by dump id: rows of a table, or large objects by OID. */
export type SampleData = ReadonlyMap<number, Buffer | ReadonlyMap<number, Buffer>>;

/** An entry with everything empty but what is given. */
export function sampleEntry(part: Partial<TocEntry> & { readonly dumpId: number }): TocEntry {
  return bareEntry({ tag: "", desc: "", section: "pre-data", ...part });
}

/** The settings and DATABASE entries, with dump ids from `firstId`. */
export function sampleHeaderEntries(firstId: number, encoding = "UTF8"): TocEntry[] {
  let id = firstId;
  const database = {
    catalog: { table: 1262, oid: 16384 },
    name: "shop",
    owner: "postgres",
    create:
      "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8';\n",
    drop: "DROP DATABASE shop;\n",
  };
  return headerEntries({ encoding, database }, () => id++);
}

/** A small table with rows and two large objects, restorable on a real server. */
export function sampleArchive(): { entries: TocEntry[]; data: SampleData } {
  const entries = [
    ...sampleHeaderEntries(100),
    sampleEntry({
      dumpId: 1,
      catalog: { table: 1259, oid: 16385 },
      tag: "t",
      desc: "TABLE",
      definition: "CREATE TABLE public.t (\n    id integer NOT NULL,\n    name text\n);\n",
      drop: "DROP TABLE public.t;\n",
      namespace: "public",
      tablespace: "",
      tableAccessMethod: "heap",
      relkind: "r",
      owner: "postgres",
    }),
    sampleEntry({
      dumpId: 2,
      hadDumper: true,
      catalog: { table: 0, oid: 16385 },
      tag: "t",
      desc: "TABLE DATA",
      section: "data",
      copy: "COPY public.t (id, name) FROM stdin;\n",
      namespace: "public",
      owner: "postgres",
      dependencies: [1],
    }),
    sampleEntry({ dumpId: 3, hadDumper: true, tag: "BLOBS", desc: "BLOBS", section: "data" }),
    sampleEntry({
      dumpId: 4,
      catalog: { table: 2606, oid: 16390 },
      tag: "t t_pkey",
      desc: "CONSTRAINT",
      section: "post-data",
      definition: "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id);\n",
      drop: "ALTER TABLE ONLY public.t DROP CONSTRAINT t_pkey;\n",
      namespace: "public",
      tablespace: "",
      owner: "postgres",
      dependencies: [1],
    }),
  ];
  const data = new Map<number, Buffer | ReadonlyMap<number, Buffer>>([
    [2, Buffer.from("1\tone\n2\ttwo\n")],
    [
      3,
      new Map([
        [16400, Buffer.from("large")],
        [4_000_000_000, Buffer.alloc(0)],
      ]),
    ],
  ]);
  return { entries, data };
}

/** Writes a custom-format archive in memory with the simple codec. */
export async function writeArchive(
  entries: readonly TocEntry[],
  data: SampleData,
  method: CompressionMethod = "gzip",
  minor: WritableMinor = 16,
): Promise<Buffer> {
  const { sink, bytes } = memorySink();
  await fill(await CustomArchiveWriter.open({ ...archiveOptions(entries, method, minor), sink }), data);
  return bytes();
}

/** The same in tar format. */
export async function writeTar(
  entries: readonly TocEntry[],
  data: SampleData,
  minor: WritableMinor = 16,
): Promise<Buffer> {
  const { sink, bytes } = memorySink();
  const modified = new Date("2026-01-02T03:04:05Z");
  const options = { ...archiveOptions(entries, "none", minor), sink, modified, transactionTimeout: true };
  await fill(await openTarWriter({ ...options, spool: memorySpool() }), data);
  return bytes();
}

/** The same in directory format: files by their names. */
export async function writeFolder(
  entries: readonly TocEntry[],
  data: SampleData,
  method: CompressionMethod = "gzip",
  minor: WritableMinor = 16,
): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const createFile = async (name: string) => {
    const { sink, bytes } = memorySink();
    return { write: sink.write, end: async () => void files.set(name, bytes()) };
  };
  await fill(await openDirectoryArchive({ ...archiveOptions(entries, method, minor), createFile }), data);
  return files;
}

function archiveOptions(entries: readonly TocEntry[], method: CompressionMethod, minor: WritableMinor): ArchiveOptions {
  return {
    codec,
    entries,
    header: {
      minor,
      compression: { method, level: method === "none" ? 0 : 1 },
      createdAt: { second: 5, minute: 4, hour: 3, day: 2, month: 0, year: 2026, daylightSaving: 0 },
      database: "shop",
      serverVersion: "18.4",
      dumperVersion: "dbbackup 4",
    },
  };
}

async function fill(writer: ArchiveWriter, data: SampleData): Promise<void> {
  for (const dumpId of writer.dataOrder) {
    const content = data.get(dumpId)!;
    if (Buffer.isBuffer(content)) {
      const table = await writer.openTableData(dumpId);
      if (content.length > 0) await table.write(Buffer.from(content));
      await table.end();
      continue;
    }
    const block = await writer.openLargeObjects(dumpId);
    for (const [oid, object] of content) {
      const one = await block.openObject(oid);
      if (object.length > 0) await one.write(Buffer.from(object));
      await one.end();
    }
    await block.end();
  }
  await writer.finish();
}

/** All plain bytes of a block; a table's without the end-of-data line, which must be there. */
export async function readBlock(block: DataBlock): Promise<Buffer | Map<number, Buffer>> {
  if (block.kind === "table-data") {
    const all = await collect(block.chunks());
    const end = Buffer.from("\\.\n\n\n");
    if (!all.subarray(-end.length).equals(end)) throw new Error("the end-of-data line is missing");
    return all.subarray(0, -end.length);
  }
  const objects = new Map<number, Buffer>();
  for await (const object of block.objects()) objects.set(object.oid, await collect(object.chunks()));
  return objects;
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const chunk of chunks) pieces.push(Buffer.from(chunk));
  return Buffer.concat(pieces);
}
