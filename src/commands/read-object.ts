import { createHash } from "node:crypto";
import type { OpenedObject } from "../ports/storage.ts";

/** Large enough for a disk's speed, small enough to pass through the cache while it is hashed and decoded. */
const PIECE_BYTES = 256 << 10;

/** Reads an object front to back, once, hashing on the way. */
export class HashedRead {
  readonly #object: OpenedObject;
  readonly #onBytes: (count: number) => void;
  readonly #signal: AbortSignal;
  readonly #hash = createHash("sha256");
  #position = 0;

  constructor(object: OpenedObject, onBytes: (count: number) => void, signal: AbortSignal) {
    this.#object = object;
    this.#onBytes = onBytes;
    this.#signal = signal;
  }

  /** Goes on where the last reader stopped; a reader may stop early. Pieces belong to whoever gets them. */
  async *pieces(): AsyncGenerator<Buffer> {
    // The next piece is on its way while this one is worked on.
    let next = this.#read(this.#position);
    try {
      for (;;) {
        const piece = await next;
        if (piece.length === 0) return;
        next = this.#read(this.#position + piece.length);
        this.#signal.throwIfAborted();
        this.#hash.update(piece);
        this.#position += piece.length;
        this.#onBytes(piece.length);
        yield piece;
      }
    } finally {
      await next.catch(() => {}); // Not wanted any more.
    }
  }

  /** Reads what is left; the SHA-256 of all bytes. */
  async finish(): Promise<string> {
    for await (const _ of this.pieces());
    return this.#hash.digest("hex");
  }

  async #read(position: number): Promise<Buffer> {
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, Math.max(0, this.#object.size - position)));
    return piece.subarray(0, await this.#object.readAt(position, piece));
  }
}
