import { BackupError } from "../../../core/backup-error.ts";
import { messageLimit } from "./message-type.ts";
import type { MessageView } from "./message-view.ts";

const initialCapacity = 64 * 1024;
const headerLength = 5;

/**
 * Cuts a server's byte stream into messages. Pure: bytes go in through `feed()`, messages come out of `next()`. One object
 * is both decoder and current message, so that a row costs no allocation of its own. Memory follows the bytes that really
 * arrived, never a length that a peer merely claims.
 */
export class MessageDecoder implements MessageView {
  #buffer = Buffer.allocUnsafeSlow(initialCapacity);
  #readAt = 0;
  #filledTo = 0;
  /** False until the server accepted us: limits are lower. */
  authenticated = false;

  /** Type byte of the current message; see MessageType. */
  type = 0;
  /** The current message's body is `buffer[bodyStart, bodyEnd)`, valid until the next `next()` or `feed()`. */
  bodyStart = 0;
  bodyEnd = 0;

  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Takes a copy of `bytes`. */
  feed(bytes: Uint8Array): void {
    if (this.#readAt === this.#filledTo) this.#reset();
    if (this.#buffer.length - this.#filledTo < bytes.length) this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#filledTo);
    this.#filledTo += bytes.length;
  }

  /**
   * Steps to the next whole message; false when more bytes are needed.
   * @throws BackupError PROTOCOL for an unknown type or a length beyond what the state allows.
   */
  next(): boolean {
    const available = this.#filledTo - this.#readAt;
    if (available < 1) return false;
    const type = this.#buffer[this.#readAt]!;
    const limit = messageLimit(type, this.authenticated);
    if (limit === 0) throw unknownType(type);
    if (available < headerLength) return false;
    const length = this.#buffer.readUInt32BE(this.#readAt + 1);
    if (length < 4 || length > limit) throw badLength(type, length, limit);
    if (available < length + 1) return false;
    this.type = type;
    this.bodyStart = this.#readAt + headerLength;
    this.bodyEnd = this.#readAt + 1 + length;
    this.#readAt = this.bodyEnd;
    return true;
  }

  /** What belongs to messages not yet taken. Valid until the next `feed()`. */
  get unread(): Buffer {
    return this.#buffer.subarray(this.#readAt, this.#filledTo);
  }

  /** Takes so many bytes of `unread` off, whatever they are. */
  skip(count: number): void {
    this.#readAt += count;
  }

  /** Takes the last so many bytes that were skipped back. Only before anything else is fed or taken. */
  putBack(count: number): void {
    this.#readAt -= count;
  }

  #reset(): void {
    this.#readAt = 0;
    this.#filledTo = 0;
    // A single huge row must not stay in memory for the rest of the session.
    if (this.#buffer.length > initialCapacity) this.#buffer = Buffer.allocUnsafeSlow(initialCapacity);
  }

  #makeRoom(count: number): void {
    const unread = this.#filledTo - this.#readAt;
    if (unread + count > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, unread + count));
      this.#buffer.copy(larger, 0, this.#readAt, this.#filledTo);
      this.#buffer = larger;
    } else {
      this.#buffer.copyWithin(0, this.#readAt, this.#filledTo);
    }
    this.#readAt = 0;
    this.#filledTo = unread;
  }
}

function unknownType(type: number): BackupError {
  return new BackupError({
    code: "PROTOCOL",
    message: `the server sent a message of unknown type 0x${type.toString(16).padStart(2, "0")}`,
    hint: "check that host and port are those of a PostgreSQL server",
  });
}

function badLength(type: number, length: number, limit: number): BackupError {
  const letter = String.fromCharCode(type);
  return new BackupError({
    code: "PROTOCOL",
    message: `the server sent a message "${letter}" of ${length} bytes where 4 to ${limit} are allowed`,
    hint: "check that host and port are those of a PostgreSQL server",
  });
}
