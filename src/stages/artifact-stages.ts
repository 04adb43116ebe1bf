import type { Compression } from "../core/compression.ts";
import type { ArtifactStages, ArtifactTotals, OpenArtifactStages } from "../ports/artifact-stages.ts";
import type { ByteSink } from "../ports/byte-sink.ts";
import type { Codec, CompressStream } from "../ports/codec.ts";
import type { EncryptedSink } from "../ports/encryption.ts";
import { BufferPool } from "./buffer-pool.ts";
import { type HashedBytes, HashingSink } from "./hashing-sink.ts";

/** Plain bytes are gathered to blocks of this size for the compressor; it holds a few of them at a time. */
const blockBytes = 1024 * 1024;

/** Joins the stages that artifacts pass. Plain and stored bytes are hashed once when they are the same. */
export function artifactStages(codec: Codec): OpenArtifactStages {
  return (storage, compression, encrypt): ArtifactStages => {
    const stored = new HashingSink(storage);
    const encrypted = encrypt === undefined ? undefined : new LateSink(() => encrypt(stored));
    const target = encrypted ?? stored;
    if (compression.method === "none" && encrypted === undefined) {
      return {
        write: (bytes) => stored.write(bytes),
        end: async () => {
          const totals = stored.result();
          return { ...totals, ...plainTotals(totals) };
        },
      };
    }
    const compressed = compression.method === "none" ? undefined : new CompressingSink(codec, compression, target);
    const plain = new HashingSink(compressed ?? target);
    return {
      write: (bytes) => plain.write(bytes),
      end: async () => {
        await compressed?.end();
        const header = await encrypted?.end();
        const totals = { ...stored.result(), ...plainTotals(plain.result()) };
        return header === undefined ? totals : { ...totals, header };
      },
    };
  };
}

/** An encrypting sink that is opened when the first bytes come, for opening may take a tenth of a second. */
class LateSink implements ByteSink {
  readonly #open: () => Promise<EncryptedSink>;
  #sink: EncryptedSink | undefined;

  constructor(open: () => Promise<EncryptedSink>) {
    this.#open = open;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#sink ??= await this.#open();
    await this.#sink.write(bytes);
  }

  /** @returns the header of the file */
  async end(): Promise<Buffer> {
    this.#sink ??= await this.#open();
    await this.#sink.end();
    return this.#sink.header;
  }
}

function plainTotals(hashed: HashedBytes): Pick<ArtifactTotals, "plainSize" | "plainSha256"> {
  return { plainSize: hashed.size, plainSha256: hashed.sha256 };
}

/** For the artifacts that come next: a MiB for each of ten thousand small ones woke the collector again and again. */
const spareBlocks = new BufferPool(blockBytes, 4);

/** Cuts what passes into blocks and compresses them. */
class CompressingSink implements ByteSink {
  readonly #stream: CompressStream;
  readonly #pool: Buffer[] = [];
  #block: Buffer | undefined;
  #filled = 0;

  constructor(codec: Codec, compression: Compression, next: ByteSink) {
    this.#stream = codec.open({
      compression,
      container: "gzip",
      output: (piece) => next.write(piece),
      recycle: (block) => this.#pool.push(block),
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length; ) {
      const count = Math.min(blockBytes - this.#filled, bytes.length - offset);
      this.#block ??= this.#takeBlock();
      this.#block.set(bytes.subarray(offset, offset + count), this.#filled);
      this.#filled += count;
      offset += count;
      if (this.#filled === blockBytes) await this.#flush();
    }
  }

  async end(): Promise<void> {
    if (this.#filled > 0) await this.#flush();
    await this.#stream.end();
    for (const block of this.#pool.splice(0)) spareBlocks.giveBack(whole(block));
  }

  async #flush(): Promise<void> {
    const full = this.#block!.subarray(0, this.#filled);
    this.#block = undefined;
    this.#filled = 0;
    await this.#stream.write(full);
  }

  #takeBlock(): Buffer {
    const recycled = this.#pool.pop();
    return recycled === undefined ? spareBlocks.take() : whole(recycled);
  }
}

/** A block may come back shortened to what was used of it; its memory is whole. */
function whole(block: Buffer): Buffer {
  return Buffer.from(block.buffer, block.byteOffset, blockBytes);
}
