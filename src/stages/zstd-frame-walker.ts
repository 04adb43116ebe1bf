import { damagedStream } from "./damaged-stream.ts";
import { SKIPPABLE_MAGIC, SKIPPABLE_MASK } from "./lz4-frame.ts";

const MAGIC = 0xfd2fb528;
const MAGIC_AND_DESCRIPTOR = 5;
const SKIPPABLE_HEADER = 8;
const BLOCK_HEADER = 3;
const CHECKSUM = 4;
/** No header is longer: magic, descriptor, window, dictionary id and content size. */
const MAX_HEADER = 5 + 1 + 4 + 8;
const BlockType = { raw: 0, runLength: 1, compressed: 2 } as const;

type State = "frame" | "skippable" | "frame header" | "block header" | "checksum";

/**
 * Finds where zstd frames (RFC 8878) end, without decompressing. Node's decompressor needs it: it stops without a word
 * after the first frame of a write, whatever follows there.
 */
export class ZstdFrameWalker {
  readonly #header: Buffer = Buffer.alloc(MAX_HEADER);
  #state: State = "frame";
  #have = 0;
  #need: number = MAGIC_AND_DESCRIPTOR;
  /** Bytes of a block or a skippable frame that are of no interest. */
  #skip = 0;
  #hasChecksum = false;
  #lastBlock = false;
  #frames = 0;

  /** Whether the bytes walked so far are whole frames, at least one. */
  get atEndOfFrame(): boolean {
    return this.#frames > 0 && this.#state === "frame" && this.#have === 0;
  }

  /**
   * Walks on over `bytes`; answers the offsets in them just behind the ends of frames.
   * @throws BackupError DAMAGED when they cannot be frames.
   */
  walk(bytes: Uint8Array): readonly number[] {
    const ends: number[] = [];
    for (let at = 0; at < bytes.length; ) {
      const framesBefore = this.#frames;
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - at);
        this.#skip -= skipped;
        at += skipped;
        if (this.#skip === 0) this.#skipped();
      } else {
        const taken = Math.min(this.#need - this.#have, bytes.length - at);
        this.#header.set(bytes.subarray(at, at + taken), this.#have);
        this.#have += taken;
        at += taken;
        if (this.#have === this.#need) this.#headerComplete();
      }
      if (this.#frames > framesBefore) ends.push(at);
    }
    return ends;
  }

  #headerComplete(): void {
    if (this.#state === "frame") this.#frameBegins();
    else if (this.#state === "skippable") this.#skipThen(this.#header.readUInt32LE(4), "frame");
    else if (this.#state === "frame header") this.#expect("block header", BLOCK_HEADER);
    else if (this.#state === "block header") this.#blockBegins();
    else this.#frameEnds();
  }

  #frameBegins(): void {
    const magic = this.#header.readUInt32LE(0);
    if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC) {
      this.#state = "skippable";
      this.#need = SKIPPABLE_HEADER;
      return;
    }
    if (magic !== MAGIC)
      throw damagedStream("zstd", this.#frames > 0 ? "goes on after its end" : "does not begin as one");
    const descriptor = this.#header[4]!;
    const singleSegment = (descriptor & 0x20) !== 0;
    const window = singleSegment ? 0 : 1;
    const dictionary = [0, 1, 2, 4][descriptor & 3]!;
    const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    this.#hasChecksum = (descriptor & 4) !== 0;
    this.#state = "frame header";
    this.#need = MAGIC_AND_DESCRIPTOR + window + dictionary + contentSize;
  }

  #blockBegins(): void {
    const header = this.#header.readUIntLE(0, BLOCK_HEADER);
    const type = (header >> 1) & 3;
    this.#lastBlock = (header & 1) !== 0;
    if (type !== BlockType.raw && type !== BlockType.runLength && type !== BlockType.compressed) {
      throw damagedStream("zstd", "is damaged");
    }
    this.#skipThen(type === BlockType.runLength ? 1 : header >> 3, "block header");
  }

  #skipThen(length: number, state: "frame" | "block header"): void {
    this.#state = state;
    this.#skip = length;
    if (length === 0) this.#skipped();
  }

  /** The end of a block or of a skippable frame. */
  #skipped(): void {
    if (this.#state === "frame") this.#frameEnds();
    else if (!this.#lastBlock) this.#expect("block header", BLOCK_HEADER);
    else if (this.#hasChecksum) this.#expect("checksum", CHECKSUM);
    else this.#frameEnds();
  }

  #frameEnds(): void {
    this.#frames++;
    this.#expect("frame", MAGIC_AND_DESCRIPTOR);
  }

  #expect(state: State, need: number): void {
    this.#state = state;
    this.#have = 0;
    this.#need = need;
  }
}
