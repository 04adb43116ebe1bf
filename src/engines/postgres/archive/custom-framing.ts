import { type DecodedContents, decodeContents } from "./archive-contents.ts";
import { archiveDamage } from "./archive-damage.ts";
import { blockType } from "./archive-header.ts";
import type { ReadOptions } from "./archive-reader.ts";
import type { BlockFraming, OpenedArchive } from "./block-framing.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { type OpenBlock, openLargeObjectsBlock, openTableDataBlock, type StreamFormat } from "./data-block.ts";
import type { InputBytes } from "./input-bytes.ts";
import { passRepeatedContents, repeatedContentsStart } from "./repeated-contents.ts";
import { decodeBuffered, decodeValue, type ValueCursor } from "./value-cursor.ts";

/** Reads the table of contents of an archive in custom format. @throws BackupError FOREIGN_FILE, DAMAGED */
export async function openCustomArchive(input: InputBytes, options: ReadOptions): Promise<OpenedArchive> {
  const contents = await decodeContents(input, "positions");
  return { contents, framing: new CustomFraming(contents, options) };
}

/** Custom format: each block has its type, its dump id, and chunks that an empty one ends. */
class CustomFraming implements BlockFraming {
  readonly format = "custom";
  readonly #contents: DecodedContents;
  readonly #streams: StreamFormat;
  readonly #integerSize: number;

  constructor(contents: DecodedContents, options: ReadOptions) {
    this.#contents = contents;
    this.#streams = { ...options, method: contents.header.compression.method, container: "zlib" };
    this.#integerSize = contents.preamble.integerSize;
  }

  async nextBlock(input: InputBytes): Promise<OpenBlock | undefined> {
    const start = await input.peek(1);
    if (start.length === 0) return undefined;
    const type = start[0]!;
    const position = input.position;
    if (type === repeatedContentsStart) {
      await passRepeatedContents(input, this.#contents);
      return undefined;
    }
    if (type !== blockType.tableData && type !== blockType.largeObjects) {
      throw archiveDamage(`a data block has the unknown type ${type}`, position);
    }
    input.advance(1);
    const dumpId = await decodeValue(input, this.#integerSize, (cursor) => cursor.int());
    const holdsObjects = this.#contents.entryOf.get(dumpId)?.desc === "BLOBS";
    if (holdsObjects !== (type === blockType.largeObjects)) {
      throw archiveDamage(`a data block of type ${type} does not fit its entry ${dumpId}`, position);
    }
    const openStream = () => new ChunkReader(input, () => this.#chunkLength(input));
    if (!holdsObjects) return openTableDataBlock(dumpId, openStream(), this.#streams);
    const nextObject = async () => {
      // The OID went through C's signed int.
      const oid = await decodeValue(input, this.#integerSize, (cursor) => cursor.int() >>> 0);
      return oid === 0 ? undefined : { oid, stored: openStream(), format: this.#streams };
    };
    return openLargeObjectsBlock(dumpId, nextObject);
  }

  #chunkLength(input: InputBytes): number | Promise<number> {
    const decode = (cursor: ValueCursor): number => {
      const at = cursor.position;
      const length = cursor.int();
      const rest = input.size === undefined ? Number.POSITIVE_INFINITY : input.size - cursor.position;
      if (length < 0 || length > rest) throw archiveDamage(`a chunk claims ${length} bytes`, at);
      return length;
    };
    return decodeBuffered(input, this.#integerSize, decode) ?? decodeValue(input, this.#integerSize, decode);
  }
}
