import { BackupError } from "../../../core/backup-error.ts";
import type { CheckedBackup, CheckedTable } from "../../../ports/backup-checker.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import { formatArchiveVersion } from "../archive/archive-version.ts";
import { countEntries } from "../archive/count-entries.ts";
import type { LargeObjectsBlock, TableDataBlock } from "../archive/data-block.ts";
import { type NameDecoder, nameDecoder } from "../dump/name-decoder.ts";
import { checkRows } from "./check-rows.ts";

/** Decodes all data of an archive, front to back. */
export async function checkArchive(reader: ArchiveReader, signal: AbortSignal): Promise<CheckedBackup> {
  const decode = nameDecoder(reader.settings.encoding);
  const scanner = new RowScanner();
  const tables: CheckedTable[] = [];
  const largeObjects = { count: 0, bytes: 0 };
  for await (const block of reader.dataBlocks()) {
    signal.throwIfAborted();
    if (block.kind === "table-data") tables.push(await checkTable(block, reader, scanner, decode));
    else await countLargeObjects(block, largeObjects);
  }
  return {
    format: reader.format,
    database: decode(reader.header.database ?? ""),
    entries: reader.entries.length,
    entryCounts: countEntries(reader.entries),
    archiveVersion: formatArchiveVersion(reader.header.minor),
    tables,
    largeObjects,
  };
}

async function checkTable(
  block: TableDataBlock,
  reader: ArchiveReader,
  scanner: RowScanner,
  decode: NameDecoder,
): Promise<CheckedTable> {
  const entry = reader.entry(block.dumpId)!;
  const table = { schema: decode(entry.namespace ?? ""), name: decode(entry.tag) };
  return await inObject(`table "${table.schema}"."${table.name}"`, async () => {
    if (entry.copy !== null) return { ...table, totals: await checkRows(block.chunks(), scanner, true) };
    for await (const _ of block.chunks()); // INSERT statements: that they decode is all that can be said.
    return table;
  });
}

async function countLargeObjects(block: LargeObjectsBlock, sum: { count: number; bytes: number }): Promise<void> {
  for await (const object of block.objects()) {
    await inObject(`large object ${object.oid}`, async () => {
      for await (const chunk of object.chunks()) sum.bytes += chunk.length;
    });
    sum.count++;
  }
}

/** Damage is told with the object it was found in. */
async function inObject<T>(object: string, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof BackupError) || error.object !== undefined) throw error;
    const { code, message, hint, cause } = error;
    throw new BackupError({ code, message, object, cause, ...(hint === undefined ? {} : { hint }) });
  }
}
