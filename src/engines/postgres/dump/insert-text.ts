import type { DataWriter } from "../archive/archive-writer.ts";
import type { InsertShape } from "../objects/insert-shape.ts";

/** Text is given on in pieces of this size: a row of one byte can become a statement of many. */
const pieceBytes = 256 * 1024;

const tab = 0x09;
const lineFeed = 0x0a;
const quote = 0x27;
const backslash = 0x5c;
const letterN = 0x4e;
/** What stands behind a backslash in COPY's text format, by the letter. */
const escapes: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, lineFeed],
  [0x72, 0x0d],
  [0x74, tab],
  [0x76, 0x0b],
]);

/** Rows in COPY's text format, written as INSERT statements. @param recycle takes back the blocks that were written */
export function writeInserts(writer: DataWriter, shape: InsertShape, recycle: (block: Buffer) => void): DataWriter {
  const text = new InsertText(shape);
  return {
    async write(block) {
      for (const piece of text.convert(block)) await writer.write(piece);
      recycle(block);
    },
    async end(contents) {
      await writer.write(text.end());
      await writer.end(contents);
    },
  };
}

/**
 * Turns rows into statements, as they come: of a row no more is held than a number of it. Values are written as pg_dump does:
 * numbers bare, bits as `B'...'`, booleans as words, everything else in quotes, under standard_conforming_strings.
 */
export class InsertText {
  readonly #shape: InsertShape;
  #piece = Buffer.allocUnsafe(pieceBytes);
  #used = 0;
  #rowsOfStatement = 0;
  /** Of the values that come from the row, the one that is read. */
  #field = 0;
  #isEscaped = false;
  #isNull = false;
  #isBegun = false;
  /** A number or boolean, which is written when all of it is there. */
  #word = "";
  #isInRow = false;

  constructor(shape: InsertShape) {
    this.#shape = shape;
  }

  /** The text of a block of rows, which may be cut anywhere. */
  *convert(block: Buffer): Generator<Buffer> {
    for (const byte of block) {
      if (!this.#isInRow) this.#beginRow();
      if (this.#isEscaped) this.#escaped(byte);
      else if (byte === backslash) this.#isEscaped = true;
      else if (byte === tab) this.#endField();
      else if (byte === lineFeed) this.#endRow();
      else this.#character(byte);
      // Room for the longest that one byte can give.
      if (this.#used > pieceBytes / 2) yield this.#take();
    }
    if (this.#used > 0) yield this.#take();
  }

  /** What follows the last row. */
  end(): Buffer {
    if (this.#rowsOfStatement > 0) this.#endStatement();
    this.#write("\n\n");
    return this.#take();
  }

  #beginRow(): void {
    const { statement, fields, rowsPerStatement } = this.#shape;
    this.#isInRow = true;
    if (this.#rowsOfStatement === 0) this.#write(statement);
    if (fields.length === 0) return;
    this.#write(rowsPerStatement === 1 ? " (" : this.#rowsOfStatement === 0 ? "\n\t(" : ",\n\t(");
    this.#field = 0;
    this.#write(fields[0]!.before);
  }

  #escaped(byte: number): void {
    this.#isEscaped = false;
    if (byte === letterN && !this.#isBegun) this.#isNull = true;
    else this.#character(escapes.get(byte) ?? byte);
  }

  #character(byte: number): void {
    const { kind } = this.#shape.fields[this.#field]!;
    if (kind === "number" || kind === "boolean") {
      this.#isBegun = true;
      this.#word += String.fromCharCode(byte);
      return;
    }
    this.#beginValue();
    if (byte === quote) this.#piece[this.#used++] = quote;
    this.#piece[this.#used++] = byte;
  }

  #beginValue(): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    this.#write(this.#shape.fields[this.#field]!.kind === "bits" ? "B'" : "'");
  }

  #endValue(): void {
    const { kind } = this.#shape.fields[this.#field]!;
    if (this.#isNull) this.#write("NULL");
    else if (kind === "boolean") this.#write(this.#word === "t" ? "true" : "false");
    else if (kind === "number") this.#write(/^[0-9 +\-eE.]+$/.test(this.#word) ? this.#word : `'${this.#word}'`);
    else {
      this.#beginValue();
      this.#write("'");
    }
    this.#isNull = false;
    this.#isBegun = false;
    this.#word = "";
  }

  #endField(): void {
    this.#endValue();
    this.#field++;
    this.#write(`, ${this.#shape.fields[this.#field]!.before}`);
  }

  #endRow(): void {
    this.#isInRow = false;
    const { fields, after, rowsPerStatement } = this.#shape;
    if (fields.length === 0) return;
    // Fields without a column of the row: of a table that has generated columns only.
    if (fields[this.#field]!.kind !== "none") this.#endValue();
    this.#write(`${after})`);
    this.#rowsOfStatement++;
    if (this.#rowsOfStatement >= rowsPerStatement) this.#endStatement();
  }

  #endStatement(): void {
    this.#write(this.#shape.ending);
    this.#rowsOfStatement = 0;
  }

  /** Binary string. */
  #write(text: string): void {
    if (this.#used + text.length > this.#piece.length) {
      const larger = Buffer.allocUnsafe(2 * this.#used + text.length);
      this.#piece.copy(larger, 0, 0, this.#used);
      this.#piece = larger;
    }
    this.#used += this.#piece.write(text, this.#used, "latin1");
  }

  #take(): Buffer {
    const taken = this.#piece.subarray(0, this.#used);
    this.#piece = Buffer.allocUnsafe(pieceBytes);
    this.#used = 0;
    return taken;
  }
}
