import type { ArchiveFormat } from "../../../core/dump-format.ts";
import type { Codec } from "../../../ports/codec.ts";
import type { ArchiveContents } from "./archive-contents.ts";
import type { DataBlock } from "./data-block.ts";

export interface ReadOptions {
  readonly codec: Codec;
  /** When known: how many plain bytes one stream may give at most. Replaces the bound on the ratio. */
  readonly maxPlainBytes?: number;
}

/** What the data of each entry takes in the archive, after the whole of it was walked through. */
export type BlockIndex = ReadonlyMap<number, { readonly storedBytes: number }>;

/** An archive of any format whose table of contents is read. Nothing in it is believed. */
export interface ArchiveReader extends ArchiveContents {
  readonly format: ArchiveFormat;
  /** Bytes of the whole archive as stored; 0 for a stream, which does not tell. */
  readonly storedBytes: number;
  /** Whether data can be read in any order, and more than once: not from a stream. */
  readonly canReadAgain: boolean;
  /**
   * All data blocks in the order of the archive. Each is skipped as far as it was not read when the next one is asked
   * for. At the end it is certain that every entry's data was there, once, and nothing else.
   */
  dataBlocks(): AsyncGenerator<DataBlock>;
  /**
   * Walks over the whole archive without decompressing it, and so finds what is truncated, missing or too much before
   * anything is restored. Only where {@link canReadAgain}.
   * @throws BackupError DAMAGED
   */
  checkStructure(): Promise<BlockIndex>;
  /** The data of an entry that has some, after `checkStructure`. Blocks may be read beside each other. */
  openBlock(dumpId: number): Promise<DataBlock>;
  /** The same where somebody else has found it. @param position of a file: where the block begins */
  openBlockAt(dumpId: number, position: number): Promise<DataBlock>;
}
