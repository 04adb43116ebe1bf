import { CopyOutPlaces } from "./collect-copy-out.ts";
import type { CopyOutConsumer } from "./copy-out-consumer.ts";
import { malformed } from "./messages/body-reader.ts";

/** `PGCOPY\n\377\r\n\0`, flags, and the length of an extension of the header, which no server writes. */
const headerLength = 19;
const endOfData = 0xffff;
const initialValues = 16 * 1024;
const nothing = Buffer.alloc(0);

/**
 * Gathers a COPY ... TO STDOUT (FORMAT binary) whose columns are all OIDs, int2, int4 or "char" and never NULL, as plain
 * numbers: for catalogues with millions of rows, of which neither the server nor we make texts.
 * Source of the format: "COPY", section "Binary Format", in PostgreSQL's manual.
 * @param columns how many each row has
 */
export function collectIntegers(columns: number): { readonly consumer: CopyOutConsumer; values(): Uint32Array } {
  const rows = new IntegerRows(columns);
  const consumer = new CopyOutPlaces((memory, start, end) => rows.take(memory, start, end));
  return { consumer, values: () => rows.values() };
}

class IntegerRows {
  readonly #columns: number;
  #values = new Uint32Array(initialValues);
  #count = 0;
  /** Bytes of the header or of a row that go on in the next piece. */
  #rest: Buffer = nothing;
  #state: "header" | "rows" | "ended" = "header";

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** Reads on in these bytes of `memory`, which are nobody's afterwards. */
  take(memory: Buffer, start: number, end: number): void {
    if (this.#rest.length > 0) {
      const joined = Buffer.concat([this.#rest, memory.subarray(start, end)]);
      this.#rest = nothing;
      this.take(joined, 0, joined.length);
      return;
    }
    const used = this.#read(memory, start, end);
    if (used < end) this.#rest = Buffer.from(memory.subarray(used, end));
  }

  /** All values, row by row. */
  values(): Uint32Array {
    if (this.#state !== "ended" || this.#rest.length > 0) throw malformed("copied rows without an end");
    return this.#values.subarray(0, this.#count);
  }

  /** Answers up to where the bytes were used. */
  #read(bytes: Buffer, start: number, end: number): number {
    let at = start;
    if (this.#state === "header") {
      if (at + headerLength > end) return at;
      at += headerLength;
      this.#state = "rows";
    }
    while (this.#state === "rows") {
      const next = this.#readRow(bytes, at, end);
      if (next === undefined) return at;
      at = next;
    }
    return at;
  }

  /** Answers where the row ends; undefined when the bytes end before it. */
  #readRow(bytes: Buffer, start: number, end: number): number | undefined {
    if (start + 2 > end) return undefined;
    const fields = unsignedAt(bytes, start, 2);
    if (fields === endOfData) {
      this.#state = "ended";
      return start + 2;
    }
    if (fields !== this.#columns) throw malformed(`${fields} copied columns instead of ${this.#columns}`);
    if (this.#count + fields > this.#values.length) this.#grow();
    let at = start + 2;
    for (let field = 0; field < fields; field++) {
      if (at + 4 > end) return undefined;
      const length = unsignedAt(bytes, at, 4);
      at += 4;
      if (length !== 1 && length !== 2 && length !== 4) throw malformed(`an integer of ${length | 0} bytes`);
      if (at + length > end) return undefined;
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
