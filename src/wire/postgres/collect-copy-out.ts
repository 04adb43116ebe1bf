import type { CopyOutConsumer, CopyOutStep } from "./copy-out-consumer.ts";
import { malformed } from "./messages/body-reader.ts";
import { MessageType, maxRowMessage } from "./messages/message-type.ts";

const spaceLength = 64 * 1024;
const headerLength = 5;
const more: CopyOutStep = { kind: "more" };

/** A piece of a CopyData message: the bytes of `memory` from `start` to `end`, valid during the call only. */
type TakePiece = (memory: Buffer, start: number, end: number) => void | Promise<void>;

/**
 * A plain consumer: tells where the bodies of CopyData messages lie, in pieces as they arrive. When `take` answers a promise, reading
 * waits for it. Makes nothing of a message, of which there is one for each row.
 */
export class CopyOutPlaces implements CopyOutConsumer {
  readonly #memory = Buffer.allocUnsafeSlow(spaceLength);
  readonly #take: TakePiece;
  /** Bytes of a header that was cut, kept at the start of the memory. */
  #kept = 0;
  /** Bytes of the current message's body still to come. */
  #bodyLeft = 0;

  constructor(take: TakePiece) {
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
        const wait = this.#take(this.#memory, at, at + pieceLength);
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

/** The same with a view of each piece. For tests and small results; dumps use the scanner. */
export class CopyOutPieces extends CopyOutPlaces {
  constructor(take: (piece: Buffer) => void | Promise<void>) {
    super((memory, start, end) => take(memory.subarray(start, end)));
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
