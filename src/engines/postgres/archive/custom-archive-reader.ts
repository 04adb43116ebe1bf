import type { Codec } from "../../../ports/codec.ts";
import type { OpenedObject } from "../../../ports/storage.ts";
import { archiveDamage } from "./archive-damage.ts";
import { type ArchiveHeader, blockType } from "./archive-header.ts";
import { archiveLimits } from "./archive-limits.ts";
import {
  type BlockFormat,
  type DataBlock,
  type OpenBlock,
  openLargeObjectsBlock,
  openTableDataBlock,
  unknownBlock,
} from "./data-block.ts";
import { type ArchivePreamble, decodeEntry, decodeHeader, decodePreamble } from "./decode-archive.ts";
import { type InputBytes, ObjectInput, StreamInput } from "./input-bytes.ts";
import { readSessionSettings, type SessionSettings } from "./session-settings.ts";
import type { TocEntry } from "./toc-entry.ts";
import { decodeValue } from "./value-cursor.ts";

export interface ReadOptions {
  readonly codec: Codec;
  /** See {@link BlockFormat.maxPlainBytes}. */
  readonly maxPlainBytes?: number;
}

/** Where each entry's data lies, after the whole archive was walked through. */
export type BlockIndex = ReadonlyMap<number, { readonly position: number; readonly storedBytes: number }>;

/**
 * Reads archives in pg_dump's custom format, versions 1.12 to 1.16 (pg_dump 9.6 to 18 and ours). Nothing in the file is
 * believed: every length is compared with the file and with {@link archiveLimits} before memory is taken for it.
 */
export class CustomArchiveReader {
  readonly header: ArchiveHeader;
  /** Octets of integers and offsets, as the header says. */
  readonly preamble: ArchivePreamble;
  readonly entries: readonly TocEntry[];
  readonly settings: SessionSettings;
  /** Dump ids of tables that were stored WITH OIDS (servers before 12). */
  readonly withOids: ReadonlySet<number>;
  readonly #input: InputBytes;
  readonly #object: OpenedObject | undefined;
  readonly #format: BlockFormat;
  readonly #entryOf: ReadonlyMap<number, TocEntry>;
  readonly #notedPositions: ReadonlyMap<number, number>;
  readonly #dataStart: number;

  private constructor(input: InputBytes, object: OpenedObject | undefined, options: ReadOptions, toc: Contents) {
    this.header = toc.header;
    this.preamble = toc.preamble;
    this.entries = toc.entries;
    this.settings = readSessionSettings(toc.entries);
    this.withOids = toc.withOids;
    this.#input = input;
    this.#object = object;
    this.#entryOf = toc.entryOf;
    this.#notedPositions = toc.notedPositions;
    this.#dataStart = input.position;
    this.#format = {
      integerSize: toc.preamble.integerSize,
      compression: toc.header.compression,
      codec: options.codec,
      maxPlainBytes: options.maxPlainBytes,
    };
  }

  /**
   * Reads header and table of contents of a file or stored object, which stays the caller's to close.
   * @throws BackupError FOREIGN_FILE, DAMAGED
   */
  static async openObject(object: OpenedObject, options: ReadOptions): Promise<CustomArchiveReader> {
    const input = new ObjectInput(object);
    return new CustomArchiveReader(input, object, options, await readContents(input));
  }

  /** The same from a stream, of which no more than needed is read ahead. Data can then be read once, front to back. */
  static async openStream(stream: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<CustomArchiveReader> {
    const input = new StreamInput(stream);
    return new CustomArchiveReader(input, undefined, options, await readContents(input));
  }

  entry(dumpId: number): TocEntry | undefined {
    return this.#entryOf.get(dumpId);
  }

  /**
   * All data blocks in the order of the file. Each is skipped as far as it was not read when the next one is asked for.
   * At the end it is certain that every entry's data was there, once, and nothing else.
   */
  async *dataBlocks(): AsyncGenerator<DataBlock> {
    const input = this.#object === undefined ? this.#input : new ObjectInput(this.#object, this.#dataStart);
    for await (const { block } of this.#walk(input)) yield block;
  }

  /**
   * Walks over the whole file, from chunk header to chunk header, and so finds what is truncated, missing or too much
   * before anything is restored. It does not decompress. Only for files and stored objects.
   */
  async checkStructure(): Promise<BlockIndex> {
    const input = new ObjectInput(this.#requireObject(), this.#dataStart);
    const index = new Map<number, { position: number; storedBytes: number }>();
    for await (const { block, position } of this.#walk(input)) {
      await block.skipRest();
      const noted = this.#notedPositions.get(block.dumpId);
      if (noted !== undefined && noted !== position) {
        throw archiveDamage(`the data of entry ${block.dumpId} is noted at ${noted}, but lies`, position);
      }
      index.set(block.dumpId, { position, storedBytes: input.position - position });
    }
    return index;
  }

  /** The data block at a position that `checkStructure` found. Blocks may be read beside each other. */
  async openBlockAt(position: number): Promise<DataBlock> {
    const input = new ObjectInput(this.#requireObject(), position);
    return await this.#openBlock(input, await input.peek(1));
  }

  async *#walk(input: InputBytes): AsyncGenerator<{ block: OpenBlock; position: number }> {
    const missing = new Set(this.entries.filter((entry) => entry.hadDumper).map((entry) => entry.dumpId));
    for (let start = await input.peek(1); start.length > 0; start = await input.peek(1)) {
      const position = input.position;
      const block = await this.#openBlock(input, start);
      if (!missing.delete(block.dumpId)) {
        throw archiveDamage(`entry ${block.dumpId} has no data, or has it twice,`, position);
      }
      yield { block, position };
      await block.skipRest();
    }
    if (missing.size > 0) {
      const first = this.#entryOf.get(Math.min(...missing));
      throw archiveDamage(
        `the data of ${missing.size} of its entries is missing (first: "${first?.namespace}.${first?.tag}"), it ends`,
        input.position,
      );
    }
  }

  async #openBlock(input: InputBytes, start: Buffer): Promise<OpenBlock> {
    const type = start[0]!;
    const position = input.position;
    if (type !== blockType.tableData && type !== blockType.largeObjects) throw unknownBlock(type, position);
    input.advance(1);
    const dumpId = await decodeValue(input, this.#format.integerSize, (cursor) => cursor.int());
    const holdsObjects = this.#entryOf.get(dumpId)?.desc === "BLOBS";
    if (holdsObjects !== (type === blockType.largeObjects)) {
      throw archiveDamage(`a data block of type ${type} does not fit its entry ${dumpId}`, position);
    }
    return holdsObjects
      ? openLargeObjectsBlock(input, dumpId, this.#format)
      : openTableDataBlock(input, dumpId, this.#format);
  }

  #requireObject(): OpenedObject {
    if (this.#object === undefined) throw new Error("a stream can only be read front to back");
    return this.#object;
  }
}

interface Contents {
  readonly header: ArchiveHeader;
  readonly preamble: ArchivePreamble;
  readonly entries: readonly TocEntry[];
  readonly entryOf: ReadonlyMap<number, TocEntry>;
  readonly withOids: ReadonlySet<number>;
  readonly notedPositions: ReadonlyMap<number, number>;
}

async function readContents(input: InputBytes): Promise<Contents> {
  const preamble = await decodeValue(input, 4, decodePreamble);
  const header = await decodeValue(input, preamble.integerSize, (cursor) => decodeHeader(cursor, preamble.minor));
  const count = await decodeValue(input, preamble.integerSize, (cursor) => {
    const rest = input.size === undefined ? Number.POSITIVE_INFINITY : input.size - cursor.position;
    const most = Math.min(archiveLimits.entries, rest / archiveLimits.minEntryBytes);
    return cursor.intIn(0, most, "the number of entries");
  });
  const entries: TocEntry[] = [];
  const entryOf = new Map<number, TocEntry>();
  const withOids = new Set<number>();
  const notedPositions = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const at = input.position;
    const decoded = await decodeValue(input, preamble.integerSize, (cursor) => decodeEntry(cursor, preamble));
    const { entry } = decoded;
    if (entryOf.has(entry.dumpId)) throw archiveDamage(`dump id ${entry.dumpId} is used twice`, at);
    entries.push(entry);
    entryOf.set(entry.dumpId, entry);
    if (decoded.withOids) withOids.add(entry.dumpId);
    if (decoded.dataPosition !== undefined) notedPositions.set(entry.dumpId, decoded.dataPosition);
  }
  return { header, preamble, entries, entryOf, withOids, notedPositions };
}
