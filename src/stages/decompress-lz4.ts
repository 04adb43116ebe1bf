import type { BlockCodec } from "./block-codec.ts";
import { BLOCK_CODEC_SLACK, openBlockCodec } from "./block-codec.ts";
import { ByteReader } from "./byte-reader.ts";
import { damagedStream } from "./damaged-stream.ts";
import {
  LZ4_MAGIC,
  LZ4_STORED,
  LZ4_WINDOW,
  Lz4Flag,
  lz4BlockSizes,
  SKIPPABLE_MAGIC,
  SKIPPABLE_MASK,
} from "./lz4-frame.ts";

const MAX_BLOCK = 4 * 1024 * 1024;
const STORED_AREA = MAX_BLOCK + BLOCK_CODEC_SLACK;
const PLAIN_AREA = LZ4_WINDOW + MAX_BLOCK + BLOCK_CODEC_SLACK;
/** Plain bytes leave in pieces of at most this size. */
const PIECE_SIZE = 256 * 1024;
/** Codecs of ended streams that are kept for the next ones: memory once touched stays. */
const KEPT_CODECS = 2;
const keptCodecs: BlockCodec[] = [];

/** Plain bytes of one or more LZ4 frames, their blocks linked or independent; all checksums they have are verified. */
export async function* decompressLz4(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const codec = keptCodecs.pop() ?? openBlockCodec(STORED_AREA + PLAIN_AREA);
  const reader = new ByteReader(source);
  try {
    const decoder = new FrameDecoder(codec, reader);
    for (let frames = 0; await decoder.nextFrame(frames); frames++) yield* decoder.blocks();
  } finally {
    if (keptCodecs.length < KEPT_CODECS) keptCodecs.push(codec);
    await reader.close();
  }
}

interface Frame {
  readonly linked: boolean;
  readonly blockChecksum: boolean;
  readonly contentChecksum: boolean;
  readonly contentSize: bigint | undefined;
  readonly maxBlock: number;
}

class FrameDecoder {
  readonly #codec: BlockCodec;
  readonly #reader: ByteReader;
  /** Where stored blocks are read to, and where plain ones begin; before that is the window of the blocks before. */
  readonly #stored: number;
  readonly #plain: number;
  #frame: Frame | undefined;

  constructor(codec: BlockCodec, reader: ByteReader) {
    this.#codec = codec;
    this.#reader = reader;
    this.#stored = codec.base;
    this.#plain = codec.base + STORED_AREA + LZ4_WINDOW;
  }

  /** Reads up to the first block of the next frame; false at the end of the stream. */
  async nextFrame(framesBefore: number): Promise<boolean> {
    const { memory } = this.#codec;
    for (let skipped = 0; ; skipped++) {
      const start = memory.subarray(this.#stored, this.#stored + 4);
      const count = await this.#reader.fill(start);
      if (count === 0 && framesBefore + skipped > 0) return false;
      if (count < 4) throw damagedStream("lz4", "is cut off");
      const magic = start.readUInt32LE();
      if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC) await this.#skipFrame();
      else if (magic === LZ4_MAGIC) break;
      else throw damagedStream("lz4", framesBefore > 0 ? "goes on after its end" : "does not begin as one");
    }
    this.#frame = await this.#readDescriptor();
    return true;
  }

  /** Plain bytes of the frame's blocks, to its end. */
  async *blocks(): AsyncGenerator<Buffer> {
    const { wasm } = this.#codec;
    const frame = this.#frame!;
    wasm.xxh32Reset();
    let window = 0;
    let total = 0n;
    for (;;) {
      const word = (await this.#read(4)).readUInt32LE();
      if (word === 0) break;
      const size = await this.#decodeBlock(frame, word, window);
      wasm.xxh32Update(this.#plain, size);
      total += BigInt(size);
      yield* this.#pieces(size);
      window = frame.linked ? this.#keepWindow(window, size) : 0;
    }
    if (frame.contentChecksum && (await this.#read(4)).readInt32LE() !== wasm.xxh32Digest()) {
      throw damagedStream("lz4", "has a wrong checksum");
    }
    if (frame.contentSize !== undefined && frame.contentSize !== total) throw damagedStream("lz4", "has a wrong size");
  }

  async #decodeBlock(frame: Frame, word: number, window: number): Promise<number> {
    const { wasm, memory } = this.#codec;
    const isStored = (word & LZ4_STORED) !== 0;
    const size = (word & ~LZ4_STORED) >>> 0;
    if (size > frame.maxBlock) throw damagedStream("lz4", "has a block that is too large");
    await this.#read(size);
    if (frame.blockChecksum) {
      const checksum = wasm.xxh32Of(this.#stored, size);
      // Behind the block, for that is still needed.
      const stored = memory.subarray(this.#stored + MAX_BLOCK, this.#stored + MAX_BLOCK + 4);
      await this.#fill(stored);
      if (stored.readInt32LE() !== checksum) throw damagedStream("lz4", "has a wrong block checksum");
    }
    if (isStored) {
      memory.copyWithin(this.#plain, this.#stored, this.#stored + size);
      return size;
    }
    const plain = wasm.lz4Decompress(this.#stored, size, this.#plain, frame.maxBlock, this.#plain - window);
    if (plain < 0) throw damagedStream("lz4", "is damaged");
    return plain;
  }

  /** Copies, for the memory is used again for the next block. */
  *#pieces(size: number): Iterable<Buffer> {
    for (let at = 0; at < size; at += PIECE_SIZE) {
      const end = Math.min(size, at + PIECE_SIZE);
      yield Buffer.from(this.#codec.memory.subarray(this.#plain + at, this.#plain + end));
    }
  }

  /** Moves the last 64 KiB before the place of the next block; answers how many bytes there are. */
  #keepWindow(window: number, size: number): number {
    const kept = Math.min(LZ4_WINDOW, window + size);
    const end = this.#plain + size;
    this.#codec.memory.copyWithin(this.#plain - kept, end - kept, end);
    return kept;
  }

  async #readDescriptor(): Promise<Frame> {
    const { wasm, memory } = this.#codec;
    const start = await this.#read(2);
    const flags = start[0]!;
    const maxBlock = lz4BlockSizes.get((start[1]! >> 4) & 7);
    const hasSize = (flags & Lz4Flag.contentSize) !== 0;
    const isKnown = (flags & Lz4Flag.version) === Lz4Flag.version1 && (flags & Lz4Flag.reserved) === 0;
    if (!isKnown || maxBlock === undefined || (start[1]! & 0x8f) !== 0) throw damagedStream("lz4", "is damaged");
    if ((flags & Lz4Flag.dictionary) !== 0) throw damagedStream("lz4", "needs a dictionary that is not in it");
    const length = 2 + (hasSize ? 8 : 0);
    const whole = memory.subarray(this.#stored, this.#stored + length + 1);
    await this.#fill(whole.subarray(2));
    if (whole[length] !== ((wasm.xxh32Of(this.#stored, length) >>> 8) & 0xff)) {
      throw damagedStream("lz4", "has a wrong header checksum");
    }
    return {
      linked: (flags & Lz4Flag.independentBlocks) === 0,
      blockChecksum: (flags & Lz4Flag.blockChecksum) !== 0,
      contentChecksum: (flags & Lz4Flag.contentChecksum) !== 0,
      contentSize: hasSize ? whole.readBigUInt64LE(2) : undefined,
      maxBlock,
    };
  }

  async #skipFrame(): Promise<void> {
    let left = (await this.#read(4)).readUInt32LE();
    while (left > 0) {
      const bytes = await this.#reader.some(left);
      if (bytes === undefined) throw damagedStream("lz4", "is cut off");
      left -= bytes.length;
    }
  }

  /** The next `length` bytes, in the area of stored blocks. */
  async #read(length: number): Promise<Buffer> {
    const area = this.#codec.memory.subarray(this.#stored, this.#stored + length);
    await this.#fill(area);
    return area;
  }

  async #fill(area: Uint8Array): Promise<void> {
    if ((await this.#reader.fill(area)) < area.length) throw damagedStream("lz4", "is cut off");
  }
}
