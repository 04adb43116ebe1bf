import type { Codec } from "../../../../ports/codec.ts";
import type { RestoreInput } from "../../../../ports/restore.ts";
import { ArchiveFileReader } from "../../archive/archive-file-reader.ts";
import { ArchiveFolderReader } from "../../archive/archive-folder-reader.ts";
import type { ArchiveReader, ReadOptions } from "../../archive/archive-reader.ts";
import { type NameDecoder, nameDecoder } from "../../dump/name-decoder.ts";
import { recognizeInput } from "../../restore/open-input.ts";
import { type Definitions, definitionsOf } from "./definitions.ts";
import type { ReadRows } from "./find-rows.ts";

/** The rows of one table in an archive. */
export interface ArchivedTable {
  /** Names of the columns, binary strings in the archive's encoding. */
  readonly columns: readonly string[];
  readonly read: ReadRows;
}

/** An archive whose tables can be read one by one, again and again. */
export interface ArchiveRows {
  readonly decode: NameDecoder;
  readonly definitions: Definitions;
  /** By schema and name in Unicode, joined by a NUL character. Nothing when it is not there, or not as COPY. */
  table(key: string): Promise<ArchivedTable | undefined>;
}

/**
 * Opens what of a backup holds rows. Nothing for scripts, and archives that were compressed as a whole: they can only be read
 * front to back.
 * @throws BackupError DAMAGED, FOREIGN_FILE, IO
 */
export async function openArchiveRows(input: RestoreInput, options: ReadOptions): Promise<ArchiveRows | undefined> {
  const reader = await openReader(input, options);
  if (reader === undefined) return undefined;
  let structure: Promise<unknown> | undefined;
  const decode = nameDecoder(reader.settings.encoding);
  const entries = new Map(
    reader.entries
      .filter(({ desc }) => desc === "TABLE DATA")
      .map((entry) => [`${decode(entry.namespace ?? "")}\0${decode(entry.tag)}`, entry]),
  );
  return {
    decode,
    definitions: definitionsOf(reader.entries, decode),
    async table(key) {
      const entry = entries.get(key);
      const columns = entry?.copy == null ? undefined : copiedColumns(entry.copy);
      if (entry === undefined || columns === undefined) return undefined;
      structure ??= reader.checkStructure();
      await structure;
      return { columns, read: (take) => readBlock(reader, entry.dumpId, take) };
    },
  };
}

async function openReader(input: RestoreInput, options: ReadOptions): Promise<ArchiveReader | undefined> {
  if (input.kind === "folder") return await ArchiveFolderReader.open(input.files, options);
  const { format, object } = await recognizeInput(input, options.codec satisfies Codec, options.maxPlainBytes);
  if (format !== "archive" || object === undefined) return undefined;
  return await ArchiveFileReader.openObject(object, options);
}

/** `COPY schema.table (a, "b c") FROM stdin;`: the names in parentheses, without quotes. */
function copiedColumns(copy: string): string[] | undefined {
  const list = /\(((?:[^"()]|"(?:[^"]|"")*")*)\) FROM stdin;\s*$/.exec(copy)?.[1];
  return list
    ?.match(/"(?:[^"]|"")*"|[^\s,"]+/g)
    ?.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name));
}

const backslash = 0x5c;
const dot = 0x2e;
const lineFeed = 0x0a;

/** Rows up to the line `\.` that ends them. */
async function readBlock(reader: ArchiveReader, dumpId: number, take: (piece: Uint8Array) => void): Promise<void> {
  const block = await reader.openBlock(dumpId);
  if (block.kind !== "table-data") return;
  let isLineStart = true;
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of block.chunks()) {
    const bytes = held.length === 0 ? piece : Buffer.concat([held, piece]);
    const end = endOfRows(bytes, isLineStart);
    if (end >= 0) return take(bytes.subarray(0, end));
    // The last two bytes may be the beginning of that line.
    const cut = Math.max(0, bytes.length - 2);
    take(bytes.subarray(0, cut));
    if (cut > 0) isLineStart = bytes[cut - 1] === lineFeed;
    held = Buffer.from(bytes.subarray(cut));
  }
  take(held);
}

function endOfRows(bytes: Buffer, isLineStart: boolean): number {
  if (isLineStart && bytes[0] === backslash && bytes[1] === dot && bytes[2] === lineFeed) return 0;
  const found = bytes.indexOf("\n\\.\n", 0, "latin1");
  return found < 0 ? -1 : found + 1;
}
