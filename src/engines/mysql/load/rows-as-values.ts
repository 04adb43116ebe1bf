import { BackupError } from "../../../core/backup-error.ts";
import type { DirectoryColumn } from "../directory/directory-index.ts";

const tab = 0x09;
const lineFeed = 0x0a;
const quote = 0x27;
const backslash = 0x5c;
const letterN = 0x4e;
/** What may stand behind a backslash: `\0`, `\t`, `\n`, `\r` and `\\`, which mean the same in a literal. */
const escaped = new Set(Buffer.from("0tnr\\"));
/** What stands there. */
const meaning: Readonly<Record<string, number>> = { "0": 0x00, t: 0x09, n: 0x0a, r: 0x0d, "\\": 0x5c };
const nullLiteral = Buffer.from("NULL");
const openString = Buffer.from("_binary'");
/** What one byte can become: the end of a field, with what stands around it, and the beginning of the next. */
const roomForByte = 128;
/** At first; it grows with what is not taken. */
const textBytes = 1024 * 1024;

/** Turns lines as LOAD DATA reads them into the text of VALUES, `(_binary'1',NULL)`, in pieces cut anywhere. */
export class RowsAsValues {
  /** What stands before and behind the literal of each field. */
  /** The field is an expression, and not text. */
  readonly #isExpression: readonly boolean[];
  readonly #around: readonly (readonly [before: Buffer, behind: Buffer])[];
  #text = Buffer.allocUnsafe(textBytes);
  #length = 0;
  #rowEnd = 0;
  #rows = 0;
  #field = 0;
  #isNull = false;
  #state: "row" | "field" | "null" | "text" | "escape" = "row";

  /** @param literals columns whose fields are expressions of SQL */
  constructor(columns: readonly DirectoryColumn[], literals: readonly string[] = []) {
    this.#isExpression = columns.map(({ name }) => literals.includes(name));
    this.#around = columns.map(({ name, load = "@value" }) => {
      if (literals.includes(name)) return [Buffer.alloc(0), Buffer.alloc(0)];
      const [before = "", behind = ""] = load.split("@value");
      return [Buffer.from(before), Buffer.from(behind)];
    });
  }

  /** Text that was not taken, rows with commas between them; valid until the next `push` or `take`. */
  get text(): Buffer {
    return this.#text.subarray(0, this.#length);
  }

  /** Where its last whole row ends; 0: there is none. */
  get rowEnd(): number {
    return this.#rowEnd;
  }

  /** Whole rows in it. */
  get rows(): number {
    return this.#rows;
  }

  /** Forgets so many bytes at the beginning of the text, and the comma behind them. */
  take(count: number): void {
    const isWhole = count === this.#rowEnd;
    const from = isWhole && count < this.#length ? count + 1 : count;
    this.#text.copyWithin(0, from, this.#length);
    this.#length -= from;
    this.#rowEnd = Math.max(0, this.#rowEnd - from);
    if (isWhole) this.#rows = 0;
  }

  /** @throws BackupError DAMAGED when these are no such lines */
  push(piece: Uint8Array): void {
    for (const byte of piece) {
      if (this.#text.length - this.#length < roomForByte) this.#grow();
      this.#take(byte);
    }
  }

  /** @throws BackupError DAMAGED when it ended within a row */
  end(): void {
    if (this.#state !== "row") throw damaged("it ends within a row");
  }

  #take(byte: number): void {
    switch (this.#state) {
      case "row":
        if (this.#length > 0) this.#put(0x2c);
        this.#put(0x28);
        this.#field = 0;
        this.#beginField(byte);
        return;
      case "field":
        this.#beginField(byte);
        return;
      case "null":
        // Behind the backslash that a field begins with.
        if (byte === letterN) {
          this.#append(nullLiteral);
          this.#isNull = true;
          this.#state = "text";
          return;
        }
        this.#open();
        this.#escape(byte);
        return;
      case "escape":
        this.#escape(byte);
        return;
      case "text":
        this.#inText(byte);
        return;
      default:
        this.#state satisfies never;
    }
  }

  #beginField(byte: number): void {
    const around = this.#around[this.#field];
    if (around === undefined) throw damaged("a row has too many fields");
    this.#isNull = false;
    this.#append(around[0]);
    if (byte === backslash) {
      this.#state = "null";
      return;
    }
    this.#open();
    this.#state = "text";
    this.#inText(byte);
  }

  #open(): void {
    if (!this.#isExpression[this.#field]) this.#append(openString);
  }

  #escape(byte: number): void {
    if (!escaped.has(byte)) throw damaged(`it holds a backslash before the byte ${byte}`);
    if (this.#isExpression[this.#field]) this.#put(meaning[String.fromCharCode(byte)]!);
    else {
      this.#put(backslash);
      this.#put(byte);
    }
    this.#state = "text";
  }

  #inText(byte: number): void {
    if (byte === tab || byte === lineFeed) {
      this.#endField(byte === lineFeed);
    } else if (this.#isNull) {
      throw damaged("a NULL has more to it");
    } else if (byte === backslash) {
      this.#state = "escape";
    } else {
      if (byte === quote && !this.#isExpression[this.#field]) this.#put(backslash);
      this.#put(byte);
    }
  }

  #endField(isLast: boolean): void {
    if (!this.#isNull && !this.#isExpression[this.#field]) this.#put(quote);
    this.#append(this.#around[this.#field]![1]);
    this.#field += 1;
    if (!isLast) {
      this.#put(0x2c);
      this.#state = "field";
      return;
    }
    if (this.#field < this.#around.length) throw damaged("a row has too few fields");
    this.#put(0x29);
    this.#rowEnd = this.#length;
    this.#rows += 1;
    this.#state = "row";
  }

  #put(byte: number): void {
    this.#text[this.#length++] = byte;
  }

  #append(bytes: Buffer): void {
    bytes.copy(this.#text, this.#length);
    this.#length += bytes.length;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#text.length * 2);
    this.#text.copy(larger, 0, 0, this.#length);
    this.#text = larger;
  }
}

function damaged(what: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the file of rows is not what was written: ${what}`,
    hint: "use another copy of the backup",
  });
}
