import { isClientWord, longestClientWord } from "./client-commands.ts";
import { type CharacterLength, characterLengths } from "./multi-byte.ts";

/** What of a session's settings says where literals end. */
export interface Quoting {
  /** sql_mode NO_BACKSLASH_ESCAPES: a backslash is an ordinary character. */
  readonly noBackslashEscapes: boolean;
  /** sql_mode ANSI_QUOTES: between double quotes is a name. */
  readonly ansiQuotes: boolean;
  /** `character_set_client`. */
  readonly characterSet: string;
}

export const usualQuoting: Quoting = { noBackslashEscapes: false, ansiQuotes: false, characterSet: "utf8mb4" };

/** Why the lexer stopped. Positions are of the bytes that it was given. */
export type LexerStop =
  /** `left` bytes at the end must be seen again, with more behind them. */
  | { readonly kind: "needs more"; readonly left: number }
  /** A statement ends before `textEnd`, its delimiter before `end`. */
  | { readonly kind: "statement"; readonly textEnd: number; readonly end: number }
  /** `DELIMITER` at `at`, up to the end of its line; `behind` is where its word ends. */
  | { readonly kind: "delimiter"; readonly at: number; readonly behind: number }
  /** The client is to read what follows in another character set. */
  | { readonly kind: "character set"; readonly name: string; readonly at: number; readonly end: number }
  /** Any other command of the stock clients. */
  | { readonly kind: "client command"; readonly at: number; readonly word: string };

type Mode = "open" | "quoted" | "line comment" | "block comment";

const code = {
  lineFeed: 0x0a,
  return: 0x0d,
  space: 0x20,
  exclamation: 0x21,
  doubleQuote: 0x22,
  hash: 0x23,
  quote: 0x27,
  star: 0x2a,
  minus: 0x2d,
  slash: 0x2f,
  semicolon: 0x3b,
  capitalM: 0x4d,
  capitalN: 0x4e,
  backslash: 0x5c,
  backtick: 0x60,
  delete: 0x7f,
} as const;

/** Nothing that must be seen in one piece is longer: delimiters, words, openers of comments with what stands in them. */
const lookahead = 96;
const characterSetPattern = /^\/\*!\d{0,6}\s*\\C\s+([A-Za-z0-9_]{1,32})\s*\*\//;
const sandboxPattern = /^\/\*M?!999999\\-/;
const wordPattern = /^[A-Za-z_?][A-Za-z0-9_$]*/;

/**
 * Finds where the statements of a script end, as the stock clients of MySQL and MariaDB do: quotes, comments, delimiters.
 * What stands in conditional comments of either flavour is read as code. Text comes in pieces cut anywhere.
 */
export class ScriptLexer {
  #mode: Mode = "open";
  #quote = 0;
  #hasBegun = false;
  #delimiter = Buffer.from(";");
  #quoting: Quoting = usualQuoting;
  #length: CharacterLength | undefined;
  /** Bytes that mean something outside of literals and comments. */
  #special = new Uint8Array(256);

  constructor() {
    this.#prepare();
  }

  /** Whether something of a statement has been read: not only space and comments before it. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** What the text would have to go on with, for messages. */
  get openPart(): string | undefined {
    if (this.#mode === "block comment") return "a comment";
    if (this.#mode === "quoted") return this.#quote === code.backtick ? "a quoted name" : "a string";
    return undefined;
  }

  /** Between statements only. */
  set quoting(quoting: Quoting) {
    if (quoting.characterSet !== this.#quoting.characterSet) this.#length = characterLengths(quoting.characterSet);
    this.#quoting = quoting;
    this.#prepare();
  }

  get quoting(): Quoting {
    return this.#quoting;
  }

  /** @param delimiter bytes as a binary string */
  set delimiter(delimiter: string) {
    this.#delimiter = Buffer.from(delimiter, "latin1");
    this.#prepare();
  }

  /**
   * Reads on from `start`.
   * @param isLast nothing follows these bytes
   * @param onBegin is told where a statement's first byte is
   */
  scan(bytes: Buffer, start: number, isLast: boolean, onBegin: (at: number) => void): LexerStop {
    for (let at = start; at < bytes.length; ) {
      const next = this.#step(bytes, at, isLast, onBegin);
      if (typeof next !== "number") return next;
      if (next < 0) return { kind: "needs more", left: bytes.length - at };
      at = next;
    }
    return { kind: "needs more", left: 0 };
  }

  /** The script is over behind a statement without delimiter. */
  end(): void {
    this.#hasBegun = false;
  }

  #prepare(): void {
    this.#special.fill(0);
    for (const byte of [code.quote, code.doubleQuote, code.backtick, code.hash, code.minus, code.slash, code.backslash])
      this.#special[byte] = 1;
    this.#special[this.#delimiter[0]!] = 1;
    if (this.#length !== undefined) this.#special.fill(1, 0x80);
  }

  /** Answers where it got to, or -1 when more bytes must be seen first. */
  #step(bytes: Buffer, at: number, isLast: boolean, onBegin: (at: number) => void): number | LexerStop {
    switch (this.#mode) {
      case "open":
        return this.#hasBegun ? this.#open(bytes, at, isLast) : this.#start(bytes, at, isLast, onBegin);
      case "quoted":
        return this.#quoted(bytes, at, isLast);
      case "line comment":
        return this.#lineComment(bytes, at);
      case "block comment":
        return this.#blockComment(bytes, at);
    }
  }

  /** Between statements. */
  #start(bytes: Buffer, at: number, isLast: boolean, onBegin: (at: number) => void): number | LexerStop {
    let i = at;
    while (i < bytes.length && isSpace(bytes[i]!)) i++;
    if (i > at) return i;
    if (!isLast && bytes.length - at < lookahead) return -1;
    // A statement of nothing.
    if (this.#isDelimiter(bytes, at)) return at + this.#delimiter.length;
    const [first, second] = [bytes[at]!, bytes[at + 1]];
    if (first === code.hash || (first === code.minus && second === code.minus)) return this.#enter("line comment", at);
    const head = bytes.toString("latin1", at, at + lookahead);
    if (first === code.slash && second === code.star) {
      const characterSet = characterSetPattern.exec(head);
      if (characterSet !== null)
        return { kind: "character set", name: characterSet[1]!, at, end: at + characterSet[0].length };
      if (!this.#isCode(bytes, at) || sandboxPattern.test(head)) return this.#enter("block comment", at + 2);
    }
    const word = wordPattern.exec(head)?.[0] ?? "";
    const behind = at + word.length;
    if (word.toLowerCase() === "delimiter" && isBlankOrEnd(bytes[behind])) return { kind: "delimiter", at, behind };
    if (word.length <= longestClientWord && isClientWord(word)) return { kind: "client command", at, word };
    onBegin(at);
    this.#hasBegun = true;
    return this.#open(bytes, at, isLast);
  }

  /** In a statement, outside of literals and comments. */
  #open(bytes: Buffer, at: number, isLast: boolean): number | LexerStop {
    const special = this.#special;
    const enough = isLast ? bytes.length : bytes.length - lookahead;
    for (let i = at; i < bytes.length; i++) {
      if (special[bytes[i]!] === 0) continue;
      if (i >= enough) return i === at ? -1 : i;
      const byte = bytes[i]!;
      if (byte === code.backslash) {
        // Short for NULL.
        if (bytes[i + 1] !== code.capitalN)
          return { kind: "client command", at: i, word: `\\${bytes.toString("latin1", i + 1, i + 2)}` };
        i++;
        continue;
      }
      if (this.#isDelimiter(bytes, i)) {
        this.#hasBegun = false;
        return { kind: "statement", textEnd: i, end: i + this.#delimiter.length };
      }
      switch (byte) {
        case code.quote:
        case code.doubleQuote:
        case code.backtick:
          this.#quote = byte;
          return this.#enter("quoted", i + 1);
        case code.hash:
          return this.#enter("line comment", i);
        case code.minus:
          if (bytes[i + 1] === code.minus && isBlankOrEnd(bytes[i + 2])) return this.#enter("line comment", i);
          break;
        case code.slash:
          if (bytes[i + 1] === code.star) {
            if (!this.#isCode(bytes, i)) return this.#enter("block comment", i + 2);
            i += 2;
          }
          break;
        default:
          if (this.#length?.(bytes, i) === 2) i++;
      }
    }
    return bytes.length;
  }

  #quoted(bytes: Buffer, at: number, isLast: boolean): number {
    const quote = this.#quote;
    const length = this.#length;
    const hasEscapes = this.#hasEscapes(quote);
    if (!hasEscapes && length === undefined) {
      const found = bytes.indexOf(quote, at);
      return found < 0 ? bytes.length : this.#enter("open", found + 1);
    }
    for (let i = at; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte === quote) return this.#enter("open", i + 1);
      if (byte === code.backslash && hasEscapes) {
        if (i + 1 === bytes.length && !isLast) return i === at ? -1 : i;
        // Clients and servers pass one byte, also when it begins a character of two.
        i++;
      } else if (length !== undefined && byte >= 0x80) {
        if (i + 1 === bytes.length && !isLast) return i === at ? -1 : i;
        if (length(bytes, i) === 2) i++;
      }
    }
    return bytes.length;
  }

  #hasEscapes(quote: number): boolean {
    if (quote === code.backtick || this.#quoting.noBackslashEscapes) return false;
    return quote === code.quote || !this.#quoting.ansiQuotes;
  }

  #lineComment(bytes: Buffer, at: number): number {
    const found = bytes.indexOf(code.lineFeed, at);
    return found < 0 ? bytes.length : this.#enter("open", found + 1);
  }

  /** They do not nest. */
  #blockComment(bytes: Buffer, at: number): number {
    const found = bytes.indexOf("*/", at, "latin1");
    if (found >= 0) return this.#enter("open", found + 2);
    const endsInStar = bytes.at(-1) === code.star;
    if (!endsInStar) return bytes.length;
    return bytes.length - 1 === at ? -1 : bytes.length - 1;
  }

  /** Whether a comment is a conditional one, of either flavour. */
  #isCode(bytes: Buffer, at: number): boolean {
    const third = bytes[at + 2];
    return third === code.exclamation || (third === code.capitalM && bytes[at + 3] === code.exclamation);
  }

  #isDelimiter(bytes: Buffer, at: number): boolean {
    const delimiter = this.#delimiter;
    if (bytes[at] !== delimiter[0]) return false;
    return delimiter.length === 1 || bytes.subarray(at, at + delimiter.length).equals(delimiter);
  }

  #enter(mode: Mode, at: number): number {
    this.#mode = mode;
    return at;
  }
}

function isSpace(byte: number): boolean {
  return byte === code.space || (byte >= 0x09 && byte <= code.return);
}

/** What may stand behind two minus signs that begin a comment, and behind the word DELIMITER. */
function isBlankOrEnd(byte: number | undefined): boolean {
  return byte === undefined || byte <= code.space || byte === code.delete;
}
