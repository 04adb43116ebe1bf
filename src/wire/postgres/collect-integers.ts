import { CopyOutPieces } from "./collect-copy-out.ts";
import type { CopyOutConsumer } from "./copy-out-consumer.ts";
import { malformed } from "./messages/body-reader.ts";

/** `PGCOPY\n\377\r\n\0`, flags, and the length of an extension of the header, which no server writes. */
const headerLength = 19;
const endOfData = 0xffff;
const initialValues = 16 * 1024;

/**
 * Gathers a COPY ... TO STDOUT (FORMAT binary) whose columns are all OIDs, int2, int4 or "char" and never NULL, as plain
 * numbers: for catalogues with millions of rows, of which neither the server nor we make texts.
 * Source of the format: "COPY", section "Binary Format", in PostgreSQL's manual.
 * @param columns how many each row has
 */
export function collectIntegers(columns: number): { readonly consumer: CopyOutConsumer; values(): Uint32Array } {
  const rows = new IntegerRows(columns);
  return { consumer: new CopyOutPieces((piece) => rows.take(piece)), values: () => rows.values() };
}

class IntegerRows {
  readonly #columns: number;
  #values = new Uint32Array(initialValues);
  #count = 0;
  /** Bytes of the header or of a row that go on in the next piece. */
  #rest: Buffer = Buffer.alloc(0);
  #state: "header" | "rows" | "ended" = "header";

  constructor(columns: number) {
    this.#columns = columns;
  }

  take(piece: Buffer): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const used = this.#read(bytes);
    this.#rest = used === bytes.length ? bytes.subarray(used) : Buffer.from(bytes.subarray(used));
  }

  /** All values, row by row. */
  values(): Uint32Array {
    if (this.#state !== "ended" || this.#rest.length > 0) throw malformed("copied rows without an end");
    return this.#values.subarray(0, this.#count);
  }

  /** Answers how many of the bytes were used. */
  #read(bytes: Buffer): number {
    let at = 0;
    if (this.#state === "header") {
      if (bytes.length < headerLength) return 0;
      at = headerLength;
      this.#state = "rows";
    }
    while (this.#state === "rows") {
      const end = this.#readRow(bytes, at);
      if (end === undefined) return at;
      at = end;
    }
    return at;
  }

  /** Answers where the row ends; undefined when the bytes end before it. */
  #readRow(bytes: Buffer, start: number): number | undefined {
    if (start + 2 > bytes.length) return undefined;
    const fields = bytes.readUInt16BE(start);
    if (fields === endOfData) {
      this.#state = "ended";
      return start + 2;
    }
    if (fields !== this.#columns) throw malformed(`${fields} copied columns instead of ${this.#columns}`);
    if (this.#count + fields > this.#values.length) this.#grow();
    let at = start + 2;
    for (let field = 0; field < fields; field++) {
      if (at + 4 > bytes.length) return undefined;
      const length = unsignedAt(bytes, at, 4);
      at += 4;
      if (length !== 1 && length !== 2 && length !== 4) throw malformed(`an integer of ${length | 0} bytes`);
      if (at + length > bytes.length) return undefined;
      // What of a row was read before it turns out to be cut is overwritten when it is read again.
      this.#values[this.#count + field] = unsignedAt(bytes, at, length);
      at += length;
    }
    this.#count += fields;
    return at;
  }

  #grow(): void {
    const larger = new Uint32Array(this.#values.length * 2 + this.#columns);
    larger.set(this.#values);
    this.#values = larger;
  }
}

/** A million of them are read: Buffer's own methods check each time what is known here. */
function unsignedAt(bytes: Buffer, at: number, length: number): number {
  let value = bytes[at]!;
  for (let i = 1; i < length; i++) value = (value << 8) | bytes[at + i]!;
  return value >>> 0;
}
