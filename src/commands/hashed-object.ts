import { createHash } from "node:crypto";
import type { OpenedObject } from "../ports/storage.ts";

/** What is read at once when the parts that nobody asked for are hashed at the end. */
const pieceBytes = 1024 * 1024;

/**
 * Computes the SHA-256 of a whole object while somebody else reads it, in order or not: bytes are hashed when a read
 * reaches the end of what was hashed so far, and what is left over is read at the end. So a restore checks the bytes that
 * it used, and reads them once.
 */
export class HashedObject implements OpenedObject {
  readonly key: string;
  readonly size: number;
  readonly #object: OpenedObject;
  readonly #hash = createHash("sha256");
  #hashed = 0;
  #digest: Promise<string> | undefined;

  constructor(object: OpenedObject) {
    this.key = object.key;
    this.size = object.size;
    this.#object = object;
  }

  get localPath(): string | undefined {
    return this.#object.localPath;
  }

  async readAt(position: number, target: Uint8Array): Promise<number> {
    const count = await this.#object.readAt(position, target);
    this.#take(position, target.subarray(0, count));
    return count;
  }

  /** Whether all bytes were hashed already. */
  get isComplete(): boolean {
    return this.#hashed >= this.size;
  }

  /** Reads what nobody read, and answers the hash in hexadecimal. Safe to repeat. */
  finish(): Promise<string> {
    this.#digest ??= this.#finish();
    return this.#digest;
  }

  async #finish(): Promise<string> {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(this.size - this.#hashed, 0)));
    while (this.#hashed < this.size) {
      const count = await this.#object.readAt(this.#hashed, piece);
      if (count === 0) break;
      this.#take(this.#hashed, piece.subarray(0, count));
    }
    return this.#hash.digest("hex");
  }

  close(): Promise<void> {
    return this.#object.close();
  }

  #take(position: number, bytes: Uint8Array): void {
    if (position > this.#hashed || position + bytes.length <= this.#hashed) return;
    this.#hash.update(bytes.subarray(this.#hashed - position));
    this.#hashed = position + bytes.length;
  }
}
