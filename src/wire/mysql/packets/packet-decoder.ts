import { BackupError } from "../../../core/backup-error.ts";
import { fullPacket, headerLength } from "./write-packet.ts";

const noBytes = Buffer.alloc(0);

/** What a server may send in one logical packet before it let us in, and afterwards: the protocol's own limit is 1 GiB. */
export const maxPacketLength = { beforeLogin: 64 * 1024, afterLogin: 1024 * 1024 * 1024 + 64 * 1024 } as const;

/**
 * Cuts arriving bytes into logical packets: those of 16 MiB - 1 are joined with what continues them.
 * (MySQL manual, "MySQL Packets".)
 */
export class PacketDecoder {
  limit: number = maxPacketLength.beforeLogin;
  /** Number of the last packet read; ours continue there. */
  sequence = 0;
  #unread: Buffer = noBytes;
  /** `#unread` lies in memory of whoever fed it. */
  #isBorrowed = false;
  /** What came behind `#unread`; joined with it when there is enough for a packet, not before. */
  #later: Buffer[] = [];
  #laterLength = 0;
  #parts: Buffer[] = [];
  #partsLength = 0;

  /** Whether nothing but whole packets was fed. */
  get isEmpty(): boolean {
    return this.#unread.length === 0 && this.#laterLength === 0 && this.#parts.length === 0;
  }

  /** The bytes may be used again after {@link keep}. */
  feed(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#unread.length === 0) {
      this.#unread = view;
      this.#isBorrowed = true;
      return;
    }
    this.#later.push(Buffer.from(view));
    this.#laterLength += view.length;
  }

  /** Copies what is left: the memory that was fed is used again. */
  keep(): void {
    if (this.#unread.length > 0 && this.#isBorrowed) this.#unread = Buffer.from(this.#unread);
    this.#isBorrowed = false;
  }

  /**
   * The next whole packet without its headers, valid until the next `feed`; undefined when more bytes are needed.
   * @throws BackupError PROTOCOL
   */
  next(): Buffer | undefined {
    for (;;) {
      if (!this.#has(headerLength)) return undefined;
      const length = this.#unread.readUIntLE(0, 3);
      if (this.#partsLength + length > this.limit) throw tooLong(this.#partsLength + length);
      if (!this.#has(headerLength + length)) return undefined;
      this.sequence = this.#unread[3]!;
      const payload = this.#unread.subarray(headerLength, headerLength + length);
      this.#unread = this.#unread.subarray(headerLength + length);
      if (length === fullPacket) {
        this.#parts.push(Buffer.from(payload));
        this.#partsLength += length;
        continue;
      }
      if (this.#parts.length === 0) return payload;
      const whole = Buffer.concat([...this.#parts, payload]);
      this.#parts = [];
      this.#partsLength = 0;
      return whole;
    }
  }

  /** A copy of what was fed and not read: somebody else reads on. */
  takeUnread(): Buffer {
    const unread = Buffer.concat([this.#unread, ...this.#later]);
    this.#unread = noBytes;
    this.#later = [];
    this.#laterLength = 0;
    return unread;
  }

  /** Whether so many bytes are there, and then in one piece. */
  #has(count: number): boolean {
    if (this.#unread.length >= count) return true;
    if (this.#unread.length + this.#laterLength < count) return false;
    this.#unread = Buffer.concat([this.#unread, ...this.#later]);
    this.#isBorrowed = false;
    this.#later = [];
    this.#laterLength = 0;
    return true;
  }
}

function tooLong(length: number): BackupError {
  return new BackupError({
    code: "PROTOCOL",
    message: `the server announced a packet of ${length} bytes`,
    hint: "check that host and port are those of a MySQL or MariaDB server",
  });
}
