import type { OpenedObject } from "../../../ports/storage.ts";
import { ArchiveContents } from "./archive-contents.ts";
import { archiveDamage } from "./archive-damage.ts";
import type { ArchiveReader, ReadOptions } from "./archive-reader.ts";
import type { BlockFraming, OpenedArchive } from "./block-framing.ts";
import { openCustomArchive } from "./custom-framing.ts";
import type { DataBlock, OpenBlock } from "./data-block.ts";
import { type InputBytes, ObjectInput, StreamInput } from "./input-bytes.ts";
import { openTarArchive } from "./tar/tar-framing.ts";
import { looksLikeTar, tarBlockBytes } from "./tar/tar-header.ts";

/** Where a block lies, and how much it takes. */
interface StoredBlock {
  readonly position: number;
  readonly storedBytes: number;
}

/**
 * Reads archives that are one file, in pg_dump's custom and tar formats, versions 1.12 to 1.16 (pg_dump 9.6 to 18 and
 * ours). Every length in it is compared with the file and with the limits of this program before memory is taken for it.
 */
export class ArchiveFileReader extends ArchiveContents implements ArchiveReader {
  readonly format: "custom" | "tar";
  readonly #input: InputBytes;
  readonly #object: OpenedObject | undefined;
  /** How blocks follow each other: for whoever walks over a damaged archive. */
  readonly framing: BlockFraming;
  /** Where the first block begins. */
  readonly dataStart: number;
  readonly #blocks = new Map<number, StoredBlock>();

  private constructor(opened: OpenedArchive, input: InputBytes, object: OpenedObject | undefined) {
    super(opened.contents);
    this.format = opened.framing.format;
    this.framing = opened.framing;
    this.#input = input;
    this.#object = object;
    this.dataStart = input.position;
  }

  /**
   * Reads header and table of contents of a file or stored object, which stays the caller's to close.
   * @throws BackupError FOREIGN_FILE, DAMAGED
   */
  static async openObject(object: OpenedObject, options: ReadOptions): Promise<ArchiveFileReader> {
    const input = new ObjectInput(object);
    return new ArchiveFileReader(await openArchive(input, options), input, object);
  }

  /** The same from a stream, of which no more than needed is read ahead. Data can then be read once, front to back. */
  static async openStream(stream: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<ArchiveFileReader> {
    const input = new StreamInput(stream);
    return new ArchiveFileReader(await openArchive(input, options), input, undefined);
  }

  get storedBytes(): number {
    return this.#object?.size ?? 0;
  }

  get canReadAgain(): boolean {
    return this.#object !== undefined;
  }

  async *dataBlocks(): AsyncGenerator<DataBlock> {
    const input = this.#object === undefined ? this.#input : new ObjectInput(this.#object, this.dataStart);
    for await (const { block } of this.#walk(input)) yield block;
  }

  /** Goes from chunk header to chunk header, or from member to member. */
  async checkStructure(): Promise<ReadonlyMap<number, StoredBlock>> {
    const input = new ObjectInput(this.#requireObject(), this.dataStart);
    for await (const { block, position } of this.#walk(input)) {
      await block.skipRest();
      const noted = this.notedPosition(block.dumpId);
      if (noted !== undefined && noted !== position) {
        throw archiveDamage(`the data of entry ${block.dumpId} is noted at ${noted}, but lies`, position);
      }
      this.#blocks.set(block.dumpId, { position, storedBytes: input.position - position });
    }
    return this.#blocks;
  }

  async openBlock(dumpId: number): Promise<DataBlock> {
    const stored = this.#blocks.get(dumpId);
    if (stored === undefined) throw new Error(`the place of the data of entry ${dumpId} is not known`);
    return await this.#openBlock(dumpId, stored);
  }

  async openBlockAt(dumpId: number, position: number): Promise<DataBlock> {
    return await this.#openBlock(dumpId, { position, storedBytes: 0 });
  }

  /** A small one is read at once. */
  async #openBlock(dumpId: number, { position, storedBytes }: StoredBlock): Promise<DataBlock> {
    const input = new ObjectInput(this.#requireObject(), position, storedBytes);
    const block = await this.framing.nextBlock(input, dumpId);
    if (block?.dumpId !== dumpId) throw archiveDamage(`the data of entry ${dumpId} is there no more,`, position);
    return block;
  }

  async *#walk(input: InputBytes): AsyncGenerator<{ block: OpenBlock; position: number }> {
    const missing = new Set(this.withData.map((entry) => entry.dumpId));
    const objects = this.withData.filter((entry) => entry.desc === "BLOBS").values();
    let nextObjects = objects.next().value?.dumpId;
    for (;;) {
      const position = input.position;
      const block = await this.framing.nextBlock(input, nextObjects);
      if (block === undefined) break;
      if (block.dumpId === nextObjects) nextObjects = objects.next().value?.dumpId;
      if (!missing.delete(block.dumpId)) {
        throw archiveDamage(`entry ${block.dumpId} has no data, or has it twice,`, position);
      }
      yield { block, position };
      await block.skipRest();
    }
    if (missing.size > 0) {
      const [dumpId] = missing;
      const first = this.entry(dumpId!);
      throw archiveDamage(
        `the data of ${missing.size} of its entries is missing (first: "${first?.namespace}.${first?.tag}"), it ends`,
        input.position,
      );
    }
  }

  #requireObject(): OpenedObject {
    if (this.#object === undefined) throw new Error("a stream can only be read front to back");
    return this.#object;
  }
}

async function openArchive(input: InputBytes, options: ReadOptions): Promise<OpenedArchive> {
  const isTar = looksLikeTar(await input.peek(tarBlockBytes));
  return isTar ? await openTarArchive(input, options) : await openCustomArchive(input, options);
}
