import { createHash } from "node:crypto";
import type { RowTotals } from "../../src/core/row-totals.ts";
import { ArchiveFileReader } from "../../src/engines/postgres/archive/archive-file-reader.ts";
import { ArchiveFolderReader } from "../../src/engines/postgres/archive/archive-folder-reader.ts";
import type { ArchiveReader } from "../../src/engines/postgres/archive/archive-reader.ts";
import type { TocEntry } from "../../src/engines/postgres/archive/toc-entry.ts";
import { checkRows } from "../../src/engines/postgres/verify/check-rows.ts";
import { createCodec } from "../../src/stages/codec.ts";
import { locateFile } from "../../src/storage/local/locate-file.ts";
import { RowScanner } from "../../src/wire/postgres/row-scanner.ts";

/** All of an archive that can be compared. */
export interface ReadArchive {
  readonly entries: readonly TocEntry[];
  /** By schema and name, separated by a blank. */
  readonly rows: ReadonlyMap<string, RowTotals>;
  /** Hash of their bytes, by OID. */
  readonly largeObjects: ReadonlyMap<string, string>;
}

const codec = createCodec();

/** Reads an archive of any format to its end. */
export async function readArchive(path: string): Promise<ReadArchive> {
  const found = await locateFile(path);
  if (found === undefined) throw new Error(`there is no "${path}"`);
  if (found.kind === "folder") return await contentsOf(await ArchiveFolderReader.open(await found.files(), { codec }));
  const object = await found.open();
  try {
    return await contentsOf(await ArchiveFileReader.openObject(object, { codec }));
  } finally {
    await object.close();
  }
}

async function contentsOf(reader: ArchiveReader): Promise<ReadArchive> {
  const rows = new Map<string, RowTotals>();
  const largeObjects = new Map<string, string>();
  const scanner = new RowScanner();
  for await (const block of reader.dataBlocks()) {
    if (block.kind === "table-data") {
      const { namespace, tag } = reader.entry(block.dumpId)!;
      rows.set(`${namespace} ${tag}`, await checkRows(block.chunks(), scanner, true));
      continue;
    }
    for await (const object of block.objects()) {
      const hash = createHash("sha256");
      for await (const chunk of object.chunks()) hash.update(chunk);
      largeObjects.set(`${object.oid}`, hash.digest("hex"));
    }
  }
  return { entries: reader.entries, rows, largeObjects };
}
