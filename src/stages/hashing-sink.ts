import type { Hash } from "node:crypto";
import { createHash } from "node:crypto";
import type { ByteSink } from "../ports/byte-sink.ts";

/** What is known of bytes that passed. */
export interface HashedBytes {
  readonly size: number;
  /** 64 lowercase hex digits. */
  readonly sha256: string;
}

/** Passes bytes on to another sink, counting them and computing their SHA-256: what the metadata says of an artifact. */
export class HashingSink implements ByteSink {
  readonly #target: ByteSink;
  readonly #hash: Hash = createHash("sha256");
  #size = 0;

  constructor(target: ByteSink) {
    this.#target = target;
  }

  async write(bytes: Uint8Array): Promise<void> {
    // The disk is slower than the hash, so that is computed while the disk works.
    const written = this.#target.write(bytes);
    this.#hash.update(bytes);
    this.#size += bytes.length;
    await written;
  }

  /** What passed so far. */
  result(): HashedBytes {
    return { size: this.#size, sha256: this.#hash.copy().digest("hex") };
  }
}
