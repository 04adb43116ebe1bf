import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  readBlock,
  type SampleData,
  sampleArchive,
  sampleEntry,
  writeArchive,
} from "../../../../tests/helpers/archive-samples.ts";
import { codec } from "../../../../tests/helpers/codec.ts";
import { memoryObject, memoryStream } from "../../../../tests/helpers/memory-object.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { ArchiveFileReader } from "./archive-file-reader.ts";
import { sectionCodes } from "./archive-header.ts";
import { type WritableMinor, writableMinors } from "./archive-version.ts";
import type { TocEntry } from "./toc-entry.ts";

const options = { codec };

async function readAll(reader: ArchiveFileReader): Promise<SampleData> {
  const data = new Map<number, Buffer | ReadonlyMap<number, Buffer>>();
  for await (const block of reader.dataBlocks()) data.set(block.dumpId, await readBlock(block));
  return data;
}

/** Opens, walks over and reads everything. */
async function readWhole(bytes: Uint8Array): Promise<void> {
  const reader = await ArchiveFileReader.openObject(memoryObject(bytes), options);
  await reader.checkStructure();
  await readAll(reader);
}

const binary = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
const nullable = fc.option(binary);
const entryArbitrary = fc.record({
  catalog: fc.record({
    table: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    oid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  }),
  tag: binary,
  desc: fc.constantFrom("TABLE DATA", "BLOBS", "TABLE", "ACL"),
  section: fc.constantFrom(...sectionCodes),
  definition: nullable,
  drop: nullable,
  copy: nullable,
  namespace: nullable,
  tablespace: nullable,
  tableAccessMethod: nullable,
  relkind: fc.constantFrom("", "r", "p"),
  owner: nullable,
  dependencies: fc.array(fc.integer({ min: 1, max: 2 ** 31 - 1 }), { maxLength: 4 }),
});
const bytesArbitrary = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const objectsArbitrary = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 2 ** 32 - 1 }), bytesArbitrary), { maxLength: 3 })
  .map((pairs) => new Map(pairs));
const archiveArbitrary = fc
  .array(fc.tuple(entryArbitrary, bytesArbitrary, objectsArbitrary), { maxLength: 6 })
  .map((parts) => {
    const data = new Map<number, Buffer | ReadonlyMap<number, Buffer>>();
    const entries = parts.map(([part, rows, objects], index): TocEntry => {
      const dumpId = index * 3 + 1;
      if (part.desc === "TABLE DATA") data.set(dumpId, rows);
      if (part.desc === "BLOBS") data.set(dumpId, objects);
      // Rows without a COPY statement are INSERT statements, which have no end-of-data line.
      const copy = part.desc === "TABLE DATA" ? (part.copy ?? "") : part.copy;
      return sampleEntry({ ...part, copy, dumpId, hadDumper: data.has(dumpId) });
    });
    return { entries, data };
  });

describe("what was written is read again", () => {
  for (const minor of writableMinors) {
    const methods = minor === 14 ? (["none", "gzip"] as const) : (["none", "gzip", "zstd", "lz4"] as const);
    for (const method of methods) {
      test(`archive version 1.${minor}, ${method}`, async () => {
        await fc.assert(
          fc.asyncProperty(archiveArbitrary, fc.integer({ min: 1, max: 50 }), async ({ entries, data }, cut) => {
            const bytes = await writeArchive(entries, data, method, minor);
            const expected = entries.map((entry) => Object.assign({}, entry, minor === 16 ? {} : { relkind: "" }));
            const reader = await ArchiveFileReader.openObject(memoryObject(bytes), options);
            expect(reader.entries).toEqual(expected);
            expect(reader.header).toMatchObject({ minor, database: "shop", compression: { method } });
            const index = await reader.checkStructure();
            for (const dumpId of index.keys()) {
              expect(await readBlock(await reader.openBlock(dumpId))).toEqual(data.get(dumpId));
            }
            expect(new Set(index.keys())).toEqual(new Set(data.keys()));
            const streamed = await ArchiveFileReader.openStream(memoryStream(bytes, cut), options);
            expect(streamed.entries).toEqual(expected);
            expect(await readAll(streamed)).toEqual(data);
          }),
          { numRuns: 40 },
        );
      });
    }
  }
});

test("archives of versions that are only read: 1.12 and 1.13 have no table access methods", async () => {
  const { entries, data } = sampleArchive();
  for (const minor of [12, 13]) {
    // The writer's rules go by number; its type only keeps others from asking for old versions.
    const bytes = await writeArchive(entries, data, "gzip", minor as WritableMinor);
    const reader = await ArchiveFileReader.openObject(memoryObject(bytes), options);
    expect(reader.header.minor).toBe(minor);
    expect(reader.entries).toEqual(
      entries.map((entry) => Object.assign({}, entry, { tableAccessMethod: null, relkind: "" })),
    );
    expect(await readAll(reader)).toEqual(data);
  }
});

test("data that nobody reads is skipped, also when it was read in part", async () => {
  const { entries, data } = sampleArchive();
  const big = Buffer.alloc(3_000_000, "0123456789\n");
  const bytes = await writeArchive(entries, new Map([...data, [2, big]]), "none");
  for (const reader of [
    await ArchiveFileReader.openObject(memoryObject(bytes), options),
    await ArchiveFileReader.openStream(memoryStream(bytes, 65_536), options),
  ]) {
    const seen: number[] = [];
    for await (const block of reader.dataBlocks()) {
      seen.push(block.dumpId);
      if (block.kind === "table-data") for await (const chunk of block.chunks()) if (chunk.length > 0) break;
      if (block.kind === "large-objects") for await (const object of block.objects()) if (object.oid > 0) break;
    }
    expect(seen).toEqual([2, 3]);
  }
});

test("settings of the session come from the first entries", async () => {
  const { entries, data } = sampleArchive();
  const reader = await ArchiveFileReader.openObject(memoryObject(await writeArchive(entries, data)), options);
  expect(reader.settings).toEqual({
    encoding: "UTF8",
    standardConformingStrings: true,
    searchPath: "SELECT pg_catalog.set_config('search_path', '', false);\n",
  });
});

describe("damage is found before anything is restored", () => {
  for (const method of ["none", "gzip"] as const) {
    test(`every truncation point, ${method}`, async () => {
      const { entries, data } = sampleArchive();
      const bytes = await writeArchive(entries, data, method);
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        const check = ArchiveFileReader.openObject(memoryObject(cut), options).then((reader) =>
          reader.checkStructure(),
        );
        await expect(check, `${length} bytes`).rejects.toMatchObject({ code: "DAMAGED" });
        if (length % 5 !== 0) continue;
        const stream = ArchiveFileReader.openStream(memoryStream(cut, 7), options).then(readAll);
        await expect(stream, `${length} bytes`).rejects.toMatchObject({ code: "DAMAGED" });
      }
    });
  }

  test("bytes after the end", async () => {
    const { entries, data } = sampleArchive();
    const bytes = await writeArchive(entries, data);
    for (const garbage of [[0], [1, 0, 2, 0, 0, 0], [9], [...bytes]]) {
      const reader = await ArchiveFileReader.openObject(memoryObject(Buffer.from([...bytes, ...garbage])), options);
      await expect(reader.checkStructure()).rejects.toMatchObject({ code: "DAMAGED" });
    }
  });

  test("a second table of contents at the end, where it is not the first one's twin", async () => {
    const { entries, data } = sampleArchive();
    const bytes = Buffer.from(await writeArchive(entries, data));
    const first = await ArchiveFileReader.openObject(memoryObject(bytes), options);
    const start = bytes.indexOf(Buffer.from([0, entries.length, 0, 0, 0]), bytes.indexOf("dbbackup 4"));
    const second = bytes.subarray(
      start,
      Math.min(...Array.from((await first.checkStructure()).values(), ({ position }) => position)),
    );
    const twice = Buffer.concat([bytes, second]);
    await readWhole(twice);
    for (let length = bytes.length + 1; length < twice.length; length++) {
      await expect(readWhole(twice.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({ code: "DAMAGED" });
    }
    await expect(readWhole(Buffer.concat([twice, second.subarray(0, 1)]))).rejects.toThrow("something follows");
    const other = Buffer.from(twice);
    other[other.lastIndexOf("CREATE TABLE")] = 0x44;
    await expect(readWhole(other)).rejects.toThrow("says something else of entry");
  });

  test("1500 mutated archives are read or refused, and never crash or hang", async () => {
    const { entries, data } = sampleArchive();
    const bytes = await writeArchive(entries, data, "gzip");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const mutated = Buffer.from(bytes);
          for (const [at, value] of changes) mutated[at] = value;
          await readWhole(mutated).catch((error: unknown) => {
            if (!(error instanceof BackupError)) throw error;
          });
        },
      ),
      { numRuns: 1500 },
    );
  });
});

async function sample(): Promise<Buffer> {
  const { entries, data } = sampleArchive();
  return Buffer.from(await writeArchive(entries, data, "none"));
}

describe("hostile archives are refused with a typed error", () => {
  test("foreign bytes, other formats, newer versions", async () => {
    const cases: [string, (bytes: Buffer) => void, string][] = [
      ["magic", (bytes) => bytes.write("PGDUMP"), "does not begin as one"],
      ["version", (bytes) => (bytes[6] = 17), "its version is 1.17"],
      ["old", (bytes) => (bytes[6] = 11), "its version is 1.11"],
      ["format", (bytes) => (bytes[10] = 3), "of a directory archive"],
    ];
    for (const [name, change, message] of cases) {
      const bytes = await sample();
      change(bytes);
      const open = ArchiveFileReader.openObject(memoryObject(bytes), options);
      await expect(open, name).rejects.toMatchObject({
        code: "FOREIGN_FILE",
        message: expect.stringContaining(message),
      });
    }
  });

  test("lengths beyond the file, or negative, take no memory", async () => {
    const bytes = await sample();
    const at = bytes.indexOf("CREATE TABLE") - 5;
    for (const [sign, length] of [
      [0, 2 ** 30 - 1],
      [0, 2 ** 32 - 1],
      [1, 2],
      [2, 1],
    ]) {
      const hostile = Buffer.from(bytes);
      hostile[at] = sign!;
      hostile.writeUInt32LE(length!, at + 1);
      for (const open of [
        () => ArchiveFileReader.openObject(memoryObject(hostile), options),
        () => ArchiveFileReader.openStream(memoryStream(hostile, 100), options),
      ]) {
        await expect(open()).rejects.toMatchObject({ code: "DAMAGED" });
      }
    }
  });

  test("more entries than the file can hold, dump ids used twice", async () => {
    const { entries, data } = sampleArchive();
    const twice = await writeArchive([...entries, { ...entries[0]!, desc: "X" }], data);
    await expect(readWhole(twice)).rejects.toThrow("used twice");
    const bytes = await sample();
    const count = bytes.indexOf(Buffer.from([0, entries.length, 0, 0, 0]), bytes.indexOf("dbbackup 4"));
    bytes.writeUInt32LE(9_999_999, count + 1);
    await expect(readWhole(bytes)).rejects.toThrow("the number of entries is 9999999");
  });

  test("text with a zero character, which no server takes", async () => {
    const { entries, data } = sampleArchive();
    const entry = entries.find(({ desc }) => desc === "TABLE")!;
    const changed = entries.with(entries.indexOf(entry), { ...entry, definition: "CREATE TABLE \0();\n" });
    await expect(readWhole(await writeArchive(changed, data))).rejects.toMatchObject({
      code: "DAMAGED",
      message: expect.stringContaining("zero character"),
    });
  });

  test("settings that are more than settings", async () => {
    const { entries, data } = sampleArchive();
    for (const desc of ["ENCODING", "STDSTRINGS", "SEARCHPATH"]) {
      const entry = entries.find((candidate) => candidate.desc === desc)!;
      const changed = entries.with(entries.indexOf(entry), { ...entry, definition: `${entry.definition}SELECT 1;\n` });
      await expect(readWhole(await writeArchive(changed, data))).rejects.toMatchObject({ code: "DAMAGED" });
    }
  });

  test("a small block that gives a thousand times its size", async () => {
    const { entries, data } = sampleArchive();
    const bomb = await writeArchive(entries, new Map([...data, [2, Buffer.alloc(100 * 1024 * 1024)]]), "zstd");
    expect(bomb.length).toBeLessThan(100_000);
    await expect(readWhole(bomb)).rejects.toThrow("more than 1000 times its size");
    const trusted = { codec, maxPlainBytes: 200 * 1024 * 1024 };
    const reader = await ArchiveFileReader.openObject(memoryObject(bomb), trusted);
    let total = 0;
    for await (const block of reader.dataBlocks()) {
      if (block.kind === "table-data") for await (const chunk of block.chunks()) total += chunk.length;
    }
    expect(total).toBe(100 * 1024 * 1024 + 5);
  });
});
