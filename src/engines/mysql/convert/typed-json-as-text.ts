const call = Buffer.from("JSON_SET(");
const quote = 0x27;
const backslash = 0x5c;
const opening = 0x28;
const closing = 0x29;
/** `'`, `"` and a backtick. */
const quotes: ReadonlySet<number> = new Set([quote, 0x22, 0x60]);

/** The same for the whole text of a statement. */
export function typedJsonAsText(text: Buffer): Buffer {
  // Most rows hold nothing of the kind, and native code finds that out.
  if (!text.includes("JSON_SET('")) return text;
  const asText = new TypedJsonAsText();
  return Buffer.concat([asText.push(text), asText.end()]);
}

/**
 * Takes what is put into JSON of MySQL beside its text out of rows: `JSON_SET('{"a": "2020-01-01"}', '$."a"', CAST(...))`,
 * as our backups write it, becomes `'{"a": "2020-01-01"}'`. What strings and names hold is not looked at. For rows of
 * INSERTs under an sql_mode with backslashes as escapes.
 */
export class TypedJsonAsText {
  /** Whether there was such a value. */
  changed = false;
  #state: "outside" | "called" | "text" | "left out" = "outside";
  /** Bytes of `JSON_SET(` that were read, and not written. */
  #matched = 0;
  /** What the string or name ends with that is being read. */
  #quote: number | undefined;
  #isEscaped = false;
  /** Of brackets in what is left out. */
  #depth = 0;
  #out = Buffer.alloc(0);
  #length = 0;

  /** What comes of a piece of rows that is cut anywhere; never the piece's own memory. */
  push(piece: Uint8Array): Buffer {
    this.#out = Buffer.allocUnsafe(piece.length + call.length + 1);
    this.#length = 0;
    for (const byte of piece) this.#take(byte);
    return this.#out.subarray(0, this.#length);
  }

  /** What was held back. */
  end(): Buffer {
    return call.subarray(0, this.#state === "called" ? call.length : this.#matched);
  }

  #take(byte: number): void {
    switch (this.#state) {
      case "outside":
        this.#outside(byte);
        return;
      case "called":
        this.#matched = 0;
        if (byte === quote) {
          this.changed = true;
          this.#state = "text";
          this.#quote = byte;
          this.#put(byte);
          return;
        }
        this.#state = "outside";
        this.#append(call);
        this.#outside(byte);
        return;
      case "text":
        this.#put(byte);
        if (!this.#ends(byte)) return;
        this.#state = "left out";
        this.#depth = 1;
        return;
      case "left out":
        if (this.#quote !== undefined) this.#ends(byte);
        else if (quotes.has(byte)) this.#quote = byte;
        else if (byte === opening) this.#depth += 1;
        else if (byte === closing && --this.#depth === 0) this.#state = "outside";
        return;
      default:
        this.#state satisfies never;
    }
  }

  #outside(byte: number): void {
    if (this.#quote !== undefined) {
      this.#put(byte);
      this.#ends(byte);
      return;
    }
    if (byte === call[this.#matched]) {
      this.#matched += 1;
      if (this.#matched === call.length) this.#state = "called";
      return;
    }
    this.#append(call.subarray(0, this.#matched));
    this.#matched = byte === call[0] ? 1 : 0;
    if (this.#matched === 1) return;
    if (quotes.has(byte)) this.#quote = byte;
    this.#put(byte);
  }

  /** Whether a quoted string or name ends with this byte. A quote that is doubled begins another one. */
  #ends(byte: number): boolean {
    if (this.#isEscaped) {
      this.#isEscaped = false;
    } else if (byte === backslash && this.#quote !== 0x60) {
      this.#isEscaped = true;
    } else if (byte === this.#quote) {
      this.#quote = undefined;
      return true;
    }
    return false;
  }

  #put(byte: number): void {
    this.#out[this.#length++] = byte;
  }

  #append(bytes: Buffer): void {
    bytes.copy(this.#out, this.#length);
    this.#length += bytes.length;
  }
}
