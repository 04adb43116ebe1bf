import { malformed } from "./messages/body-reader.ts";
import type { MessageView } from "./messages/message-view.ts";

/**
 * A row as the server sent it, one UTF-16 unit for each byte: the number of values (2 bytes), then each value behind its
 * length (4 bytes, -1 for NULL). Of a row of 20 columns that waits for its turn, one string costs a tenth of the memory
 * and time that an array of 20 does, and values that nobody reads cost nothing.
 */
export type PackedRow = string & { readonly packed: true };

const countLength = 2;
const lengthLength = 4;

/** @throws BackupError PROTOCOL for a row that is not what it says. */
export function packRow({ buffer, bodyStart, bodyEnd }: MessageView): PackedRow {
  if (bodyEnd - bodyStart < countLength) throw malformed("a row without a column count");
  let at = bodyStart + countLength;
  for (let left = buffer.readUInt16BE(bodyStart); left > 0; left--) {
    if (at + lengthLength > bodyEnd) throw malformed("a row that ends too early");
    const length = buffer.readInt32BE(at);
    if (length < -1) throw malformed("a value beyond its row");
    at += lengthLength + Math.max(length, 0);
  }
  if (at !== bodyEnd) throw malformed("values that end elsewhere than their row");
  return buffer.toString("latin1", bodyStart, bodyEnd) as PackedRow;
}

/** Values of a packed row. Quickest for who reads them in their order. */
export class PackedValues {
  readonly #row: PackedRow;
  /** The value that was read last, and where it stands. */
  #column = 0;
  #at = countLength;

  constructor(row: PackedRow) {
    this.#row = row;
  }

  /** @param column from 0, one that the row has. */
  value(column: number): string | null {
    const row = this.#row;
    let at = this.#at;
    let passed = this.#column;
    if (column < passed) {
      at = countLength;
      passed = 0;
    }
    for (; passed < column; passed++) at += lengthLength + Math.max(int32(row, at), 0);
    this.#column = column;
    this.#at = at;
    const length = int32(row, at);
    if (length < 0) return null;
    const value = row.substring(at + lengthLength, at + lengthLength + length);
    return length < shortestView || length * 2 > row.length ? value : ownCopy(value);
  }
}

/** V8 makes a view of a string this long, which keeps all of it in memory; shorter ones are copied anyhow. */
const shortestView = 13;
const scratch = Buffer.alloc(1024);

/**
 * The same text without the row around it. Names and types live on in the objects that are made of rows: with them the
 * rows did, a quarter of the memory of a catalogue.
 */
function ownCopy(value: string): string {
  return value.length > scratch.length ? value : scratch.toString("latin1", 0, scratch.write(value, "latin1"));
}

function int32(row: string, at: number): number {
  return (
    (row.charCodeAt(at) << 24) | (row.charCodeAt(at + 1) << 16) | (row.charCodeAt(at + 2) << 8) | row.charCodeAt(at + 3)
  );
}
