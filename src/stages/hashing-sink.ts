import type { Hash } from "node:crypto";
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ByteSink } from "../ports/byte-sink.ts";

/**
 * How much is hashed before others get their turn: without the processor's own SHA-256 a MiB takes 2.6 ms, in which the
 * buffer of a Unix socket runs full and the server stands still.
 */
const SLICE = 64 * 1024;

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
    // The hash is computed while the disk works. Both are waited for, whichever fails: the memory is in use until then.
    const [hashed, written] = await Promise.allSettled([this.#update(bytes), this.#target.write(bytes)]);
    if (hashed.status === "rejected") throw hashed.reason;
    if (written.status === "rejected") throw written.reason;
  }

  /** What passed so far. */
  result(): HashedBytes {
    return { size: this.#size, sha256: this.#hash.copy().digest("hex") };
  }

  async #update(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += SLICE) {
      if (at > 0) await nextTurn();
      this.#hash.update(bytes.subarray(at, at + SLICE));
    }
    this.#size += bytes.length;
  }
}
