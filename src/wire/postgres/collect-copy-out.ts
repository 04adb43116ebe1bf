import type { CopyOutConsumer, CopyOutStep } from "./copy-out-consumer.ts";
import { malformed } from "./messages/body-reader.ts";
import { MessageType, maxRowMessage } from "./messages/message-type.ts";

const spaceLength = 64 * 1024;
const headerLength = 5;
const more: CopyOutStep = { kind: "more" };

/**
 * A plain consumer: gives the bodies of CopyData messages in pieces as they arrive. A piece is a view, valid during the
 * call only. When `take` answers a promise, reading waits for it. For tests and small results; dumps use the scanner.
 */
export class CopyOutPieces implements CopyOutConsumer {
  readonly #memory = Buffer.allocUnsafeSlow(spaceLength);
  readonly #take: (piece: Buffer) => void | Promise<void>;
  /** Bytes of a header that was cut, kept at the start of the memory. */
  #kept = 0;
  /** Bytes of the current message's body still to come. */
  #bodyLeft = 0;

  constructor(take: (piece: Buffer) => void | Promise<void>) {
    this.#take = take;
  }

  space(): Uint8Array {
    return this.#memory.subarray(this.#kept);
  }

  received(count: number): CopyOutStep {
    const end = this.#kept + count;
    const waits: Promise<void>[] = [];
    let at = 0;
    while (at < end) {
      if (this.#bodyLeft === 0) {
        if (this.#memory[at] !== MessageType.copyData) {
          this.#kept = 0;
          return { kind: "other", rest: Buffer.from(this.#memory.subarray(at, end)) };
        }
        if (end - at < headerLength) break;
        const length = this.#memory.readUInt32BE(at + 1);
        if (length < 4 || length > maxRowMessage) throw malformed(`copy data of ${length} bytes`);
        this.#bodyLeft = length - 4;
        at += headerLength;
      }
      const pieceLength = Math.min(this.#bodyLeft, end - at);
      if (pieceLength > 0) {
        const wait = this.#take(this.#memory.subarray(at, at + pieceLength));
        if (wait !== undefined) waits.push(wait);
      }
      this.#bodyLeft -= pieceLength;
      at += pieceLength;
    }
    this.#memory.copyWithin(0, at, end);
    this.#kept = end - at;
    return waits.length === 0 ? more : { kind: "pause", until: Promise.all(waits).then(() => {}) };
  }
}

/** Gathers all copied bytes, at most `limit`. */
export function collectCopyOut(limit: number): { readonly consumer: CopyOutConsumer; bytes(): Buffer } {
  const pieces: Buffer[] = [];
  let length = 0;
  const consumer = new CopyOutPieces((piece) => {
    length += piece.length;
    if (length > limit) throw new Error(`more than ${limit} bytes of copied data`);
    pieces.push(Buffer.from(piece));
  });
  return { consumer, bytes: () => Buffer.concat(pieces) };
}
