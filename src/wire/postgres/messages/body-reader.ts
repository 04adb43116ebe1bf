import { BackupError } from "../../../core/backup-error.ts";

/** Walks through the body of one message; every step checks that it stays inside. */
export class BodyReader {
  readonly #buffer: Buffer;
  readonly #end: number;
  #at: number;

  constructor(buffer: Buffer, start: number, end: number) {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  byte(): number {
    this.#need(1);
    return this.#buffer[this.#at++]!;
  }

  uint16(): number {
    this.#need(2);
    this.#at += 2;
    return this.#buffer.readUInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#need(4);
    this.#at += 4;
    return this.#buffer.readInt32BE(this.#at - 4);
  }

  /** A view, valid as long as the message. */
  bytes(count: number): Buffer {
    this.#need(count);
    this.#at += count;
    return this.#buffer.subarray(this.#at - count, this.#at);
  }

  rest(): Buffer {
    return this.bytes(this.#end - this.#at);
  }

  /** Bytes up to a zero byte, which is skipped. */
  cstring(): Buffer {
    const zero = this.#buffer.indexOf(0, this.#at);
    if (zero < 0 || zero >= this.#end) throw malformed("a string without end");
    const bytes = this.#buffer.subarray(this.#at, zero);
    this.#at = zero + 1;
    return bytes;
  }

  #need(count: number): void {
    if (count < 0 || this.#at + count > this.#end) throw malformed("a field beyond its end");
  }
}

/** A message whose inside contradicts itself. */
export function malformed(what: string): BackupError {
  return new BackupError({
    code: "PROTOCOL",
    message: `the server sent a message with ${what}`,
    hint: "a proxy between here and the server may be broken; try a direct connection",
  });
}
