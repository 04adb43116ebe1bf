import type { ObjectState, ObjectStore } from "../../ports/object-store.ts";
import type { OpenedObject } from "../../ports/storage.ts";

/** Who reads in order gets pieces of this size, this many ahead: the memory of an object that is open. */
const PIECE_BYTES = 4 * 1024 * 1024;
const PIECES_AHEAD = 2;

/** An object of a store, read in ranges; who reads it from one end to the other is read ahead for. */
export class OpenedRangeObject implements OpenedObject {
  readonly key: string;
  readonly size: number;
  readonly #store: ObjectStore;
  readonly #version: string;
  /** Pieces on their way or there, by number; only those around where it is read in order. */
  readonly #pieces = new Map<number, Promise<Buffer>>();
  /** Where a reader in order goes on. */
  #next = 0;

  constructor(store: ObjectStore, state: ObjectState) {
    this.key = state.key;
    this.size = state.size;
    this.#store = store;
    this.#version = state.version;
  }

  async readAt(position: number, target: Uint8Array): Promise<number> {
    const length = Math.min(target.length, this.size - position);
    if (length <= 0) return 0;
    const wanted = target.subarray(0, length);
    const isInOrder = position === this.#next;
    this.#next = position + length;
    if (!isInOrder || length >= PIECE_BYTES) {
      await this.#read(position, wanted);
      return length;
    }
    for (let done = 0; done < length; ) {
      const at = position + done;
      const number = Math.floor(at / PIECE_BYTES);
      this.#readAhead(number);
      const piece = await this.#pieces.get(number)!;
      const from = at - number * PIECE_BYTES;
      const copied = piece.subarray(from, from + length - done);
      wanted.set(copied, done);
      done += copied.length;
    }
    return length;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#pieces.values());
    this.#pieces.clear();
  }

  #readAhead(number: number): void {
    for (const [held] of this.#pieces) if (held < number || held > number + PIECES_AHEAD) this.#pieces.delete(held);
    const last = Math.min(number + PIECES_AHEAD, Math.floor((this.size - 1) / PIECE_BYTES));
    for (let each = number; each <= last; each++) {
      if (this.#pieces.has(each)) continue;
      const piece = this.#readPiece(each);
      // Whoever waits for it hears of its failure, and whoever comes later tries again.
      piece.catch(() => this.#pieces.delete(each));
      this.#pieces.set(each, piece);
    }
  }

  async #readPiece(number: number): Promise<Buffer> {
    const from = number * PIECE_BYTES;
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, this.size - from));
    await this.#read(from, piece);
    return piece;
  }

  #read(position: number, target: Uint8Array): Promise<void> {
    return this.#store.read(this.key, this.#version, position, target);
  }
}
