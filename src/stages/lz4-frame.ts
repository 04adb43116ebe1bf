/** What is fixed in the LZ4 frame format (version 1.6.x of its description). */

export const LZ4_MAGIC = 0x184d2204;
/** Sixteen magic numbers of frames that readers skip; zstd has the same. */
export const SKIPPABLE_MAGIC = 0x184d2a50;
export const SKIPPABLE_MASK = 0xfffffff0;

/** Flags in the first byte of the descriptor; the version stands in the upper two bits. */
export const Lz4Flag = {
  version: 0xc0,
  version1: 0x40,
  independentBlocks: 0x20,
  blockChecksum: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
  reserved: 0x02,
  dictionary: 0x01,
} as const;

/** Largest block by the code in bits 4 to 6 of the descriptor's second byte. */
export const lz4BlockSizes: ReadonlyMap<number, number> = new Map([
  [4, 64 * 1024],
  [5, 256 * 1024],
  [6, 1024 * 1024],
  [7, 4 * 1024 * 1024],
]);

/** In a block's size: its bytes are not compressed. */
export const LZ4_STORED = 0x80000000;
/** How far back a block may refer, also into the blocks before it when they are linked. */
export const LZ4_WINDOW = 64 * 1024;
