import { describe, expect, test } from "vitest";
import {
  readBlock,
  type SampleData,
  sampleArchive,
  sampleEntry,
  writeFolder,
  writeTar,
} from "../../../../tests/helpers/archive-samples.ts";
import { codec } from "../../../../tests/helpers/codec.ts";
import { memoryFiles, memoryObject, memoryStream } from "../../../../tests/helpers/memory-object.ts";
import { ArchiveFileReader } from "./archive-file-reader.ts";
import { ArchiveFolderReader } from "./archive-folder-reader.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import { writableMinors } from "./archive-version.ts";
import { encodeTarHeader, tarPadding } from "./tar/tar-header.ts";

const options = { codec };
const { entries, data } = sampleArchive();

async function readAll(reader: ArchiveReader): Promise<SampleData> {
  const found = new Map<number, Buffer | ReadonlyMap<number, Buffer>>();
  for await (const block of reader.dataBlocks()) found.set(block.dumpId, await readBlock(block));
  return found;
}

/** What the reader says of members put together by hand; each is a name and its content. */
async function readMembers(...given: [string, Buffer][]): Promise<unknown> {
  const pieces = given.flatMap(([name, content]) => [
    encodeTarHeader({ name, size: content.length }, 0),
    content,
    Buffer.alloc(tarPadding(content.length)),
  ]);
  const bytes = Buffer.concat([...pieces, Buffer.alloc(1024)]);
  return await walk(bytes);
}

async function walk(bytes: Buffer): Promise<unknown> {
  return await (await ArchiveFileReader.openObject(memoryObject(bytes), options)).checkStructure();
}

/** The members of a tar of ours. */
async function members(): Promise<[string, Buffer][]> {
  const bytes = await writeTar(entries, data);
  const found: [string, Buffer][] = [];
  for (let at = 0; bytes[at] !== 0; ) {
    const name = bytes.toString("latin1", at, at + 100).replace(/\0.*/s, "");
    const size = Number.parseInt(bytes.toString("latin1", at + 124, at + 135), 8);
    found.push([name, bytes.subarray(at + 512, at + 512 + size)]);
    at += 512 + size + tarPadding(size);
  }
  return found;
}

describe.each(writableMinors)("version 1.%i", (minor) => {
  test("a tar is read back from a file, in any order, and from a stream", async () => {
    const bytes = await writeTar(entries, data, minor);
    const reader = await ArchiveFileReader.openObject(memoryObject(bytes), options);
    expect(reader.format).toBe("tar");
    const index = await reader.checkStructure();
    for (const dumpId of [...index.keys()].toReversed()) {
      expect(await readBlock(await reader.openBlock(dumpId))).toEqual(data.get(dumpId));
    }
    expect(await readAll(reader)).toEqual(data);
    for (const piece of [1, 97, 100_000]) {
      const streamed = await ArchiveFileReader.openStream(memoryStream(bytes, piece), options);
      expect(await readAll(streamed)).toEqual(data);
    }
  });

  test.each(minor === 14 ? (["none", "gzip"] as const) : (["none", "gzip", "zstd", "lz4"] as const))(
    "a directory with %s is read back, in any order",
    async (method) => {
      const reader = await ArchiveFolderReader.open(
        memoryFiles(await writeFolder(entries, data, method, minor)),
        options,
      );
      const index = await reader.checkStructure();
      for (const dumpId of [...index.keys()].toReversed()) {
        expect(await readBlock(await reader.openBlock(dumpId))).toEqual(data.get(dumpId));
      }
      expect(await readAll(reader)).toEqual(data);
    },
  );
});

test("a tar that was cut anywhere is refused before anything is restored", async () => {
  const bytes = await writeTar(entries, data);
  for (let length = 0; length < bytes.length; length += 509) {
    const open = ArchiveFileReader.openObject(memoryObject(bytes.subarray(0, length)), options);
    await expect(open.then((reader) => reader.checkStructure())).rejects.toMatchObject({
      code: expect.stringMatching(/^(DAMAGED|FOREIGN_FILE)$/),
    });
  }
});

test("members that do not belong together are refused", async () => {
  const [toc, rows, ...rest] = await members();
  const list = rest.findIndex(([name]) => name === "blobs_3.toc");
  const without = rest.filter((_, index) => index !== list);
  const relisted = rest.map(([name, content], index): [string, Buffer] =>
    index === list ? [name, Buffer.from("16400 blob_16400.dat\n16401 blob_16401.dat\n")] : [name, content],
  );
  const renamed = (name: string): [string, Buffer] => [name, rows![1]];
  const cases: [[string, Buffer][], RegExp][] = [
    [[rows!, toc!, ...rest], /its first member is "2.dat"/],
    [[toc!, ...rest], /the data of 1 of its entries is missing/],
    [[toc!, rows!, rows!, ...rest], /has it twice/],
    [[toc!, rows!, ...without], /belongs to no entry/],
    [[toc!, rows!, ...relisted], /does not list the large objects/],
    [[toc!, rows!, ...rest, renamed("../../etc/cron.d/x")], /belongs to no entry/],
    [[toc!, rows!, ...rest, renamed("blob_1.dat")], /belongs to no entry/],
    [[["toc.dat", Buffer.concat([toc![1], Buffer.alloc(1)])], rows!, ...rest], /more behind the table of contents/],
  ];
  await expect(readMembers(toc!, rows!, ...rest)).resolves.toBeDefined();
  for (const [list_, message] of cases) await expect(readMembers(...list_)).rejects.toThrow(message);
});

test("bytes in the padding, or behind the end, are refused; empty records are not", async () => {
  const bytes = await writeTar(entries, data);
  await expect(walk(Buffer.concat([bytes, Buffer.alloc(8192)]))).resolves.toBeDefined();
  await expect(walk(Buffer.concat([bytes, Buffer.alloc(8192), Buffer.from("x")]))).rejects.toThrow(
    /more behind the end/,
  );
  const padded = Buffer.from(bytes);
  const rows = padded.indexOf("1\tone\n2\ttwo\n\\.\n\n\n");
  padded[rows + 100] = 1;
  await expect(walk(padded)).rejects.toThrow(/more behind the content/);
});

test("files that a table of contents names in another way than pg_dump are never opened", async () => {
  const good = await writeFolder(entries, data, "none");
  const toc = good.get("toc.dat")!;
  for (const name of ["../.dat", "/a.dat", "a.da", "1/..."]) {
    const at = toc.indexOf("2.dat");
    const hostile = Buffer.concat([toc.subarray(0, at - 5), encodedString(name), toc.subarray(at + 5)]);
    const files = new Map(good).set("toc.dat", hostile).set(name, Buffer.from("x"));
    await expect(ArchiveFolderReader.open(memoryFiles(files), options), name).rejects.toThrow(
      /names no file of its own/,
    );
  }
  const list = good.get("blobs_3.toc")!.toString();
  for (const line of [
    "16400 ../blob_16400.dat",
    "16400 blob_16401.dat",
    "1 blob_01.dat",
    "x",
    `${"9".repeat(100)} y`,
  ]) {
    const files = new Map(good).set("blobs_3.toc", Buffer.from(`${list}${line}\n`));
    const reader = await ArchiveFolderReader.open(memoryFiles(files), options);
    await expect(reader.checkStructure(), line).rejects.toThrow(/names no large object/);
  }
});

test("two entries cannot have the same file, and a missing file is named", async () => {
  const good = await writeFolder(entries, data, "none");
  good.delete("blob_16400.dat");
  const reader = await ArchiveFolderReader.open(memoryFiles(good), options);
  await expect(reader.checkStructure()).rejects.toMatchObject({ code: "DAMAGED", object: "blob_16400.dat" });

  const twice = [...entries, sampleEntry({ ...entries.find(({ dumpId }) => dumpId === 2)!, dumpId: 5 })];
  const files = await writeFolder(twice, new Map(data).set(5, Buffer.alloc(0)), "none");
  const toc = files.get("toc.dat")!;
  toc.write("2.dat", toc.indexOf("5.dat"));
  await expect(ArchiveFolderReader.open(memoryFiles(files), options)).rejects.toThrow(/no file of its own/);
});

test("a compressed file that grows too much is refused", async () => {
  const large = new Map(data).set(2, Buffer.concat([Buffer.alloc(80 * 1024 * 1024, "x")]));
  const files = await writeFolder(entries, large, "zstd");
  const reader = await ArchiveFolderReader.open(memoryFiles(files), options);
  await expect(readAll(reader)).rejects.toThrow(/more than 1000 times its size/);
  const allowed = await ArchiveFolderReader.open(memoryFiles(files), { ...options, maxPlainBytes: 100 * 1024 * 1024 });
  expect((await readAll(allowed)).size).toBe(2);
});

function encodedString(text: string): Buffer {
  const length = Buffer.alloc(5);
  length.writeUInt32LE(text.length, 1);
  return Buffer.concat([length, Buffer.from(text, "latin1")]);
}
