import type { CompressionMethod } from "../../../../core/compression.ts";
import type { DumpedTable, FileContents } from "../../../../ports/dump.ts";
import { tableDataFile } from "../../archive/archive-files.ts";
import { suffixOf } from "../../archive/folder-file.ts";
import type { PlannedEntry } from "../../objects/object-type.ts";
import type { NameDecoder } from "../name-decoder.ts";

/** A table whose rows an interrupted dump wrote. */
export interface KeptTable {
  /** Its place among all tables of the dump, in order. */
  readonly index: number;
  readonly table: DumpedTable;
}

/** The name of the file that holds the rows of an entry. */
export function rowsFile({ dumpId }: PlannedEntry, compression: CompressionMethod): string {
  return tableDataFile(dumpId) + suffixOf(compression);
}

/** The tables of which a file is there. @param files what is there, by name */
export function keptTables(
  entries: readonly PlannedEntry[],
  files: ReadonlyMap<string, FileContents>,
  compression: CompressionMethod,
  decodeName: NameDecoder,
): KeptTable[] {
  const kept: KeptTable[] = [];
  let index = 0;
  for (const entry of entries) {
    if (entry.data?.kind !== "copy") continue;
    const contents = files.get(rowsFile(entry, compression));
    if (contents !== undefined) kept.push({ index, table: dumpedTable(entry.data, contents, decodeName) });
    index += 1;
  }
  return kept;
}

function dumpedTable(
  { schema, table, insert }: Extract<PlannedEntry["data"], { kind: "copy" }>,
  { rows, bytes, checksum = "" }: FileContents,
  decodeName: NameDecoder,
): DumpedTable {
  return {
    schema: decodeName(schema),
    name: decodeName(table),
    rows,
    bytes,
    checksum,
    ...(insert === undefined ? {} : { asInserts: true }),
  };
}

/** All tables in the order of the archive. */
export function withKeptTables(copied: readonly DumpedTable[], kept: readonly KeptTable[]): readonly DumpedTable[] {
  if (kept.length === 0) return copied;
  const keptAt = new Map(kept.map(({ index, table }) => [index, table]));
  const others = copied.values();
  const count = copied.length + kept.length;
  return Array.from({ length: count }, (_, index) => keptAt.get(index) ?? others.next().value!);
}
