/** What the lexer is inside of, between two pieces of text. */
type Mode =
  | "between tokens"
  | "string"
  | "escape string"
  | "after escape string"
  | "quoted identifier"
  | "dollar string"
  | "line comment"
  | "block comment";

/** Where the lexer stopped. */
export type LexerStop =
  /** All given bytes but the last `left` were read: a token may go on behind them. */
  | { readonly kind: "needs more"; readonly left: number }
  /** Behind the semicolon that ends a statement. */
  | { readonly kind: "statement"; readonly end: number; readonly isCopyFromClient: boolean }
  /** At a backslash between statements. */
  | { readonly kind: "command"; readonly at: number }
  /** At something that only psql understands, within a statement. */
  | { readonly kind: "psql only"; readonly at: number; readonly what: string };

const code = {
  tab: 0x09,
  lineFeed: 0x0a,
  return: 0x0d,
  space: 0x20,
  doubleQuote: 0x22,
  dollar: 0x24,
  quote: 0x27,
  open: 0x28,
  close: 0x29,
  star: 0x2a,
  minus: 0x2d,
  slash: 0x2f,
  colon: 0x3a,
  semicolon: 0x3b,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
} as const;

/**
 * Finds where SQL statements end, by the rules of psql: strings, E'' strings, quoted identifiers, dollar quoting, nested
 * comments, parentheses, and the bodies of CREATE FUNCTION ... BEGIN ATOMIC ... END. Text comes in pieces cut anywhere.
 * Works on bytes: every encoding that a server can have keeps ASCII to itself.
 */
export class SqlLexer {
  /** What the session's `standard_conforming_strings` is: off gives backslashes in plain strings a meaning. */
  standardConformingStrings = true;
  #mode: Mode = "between tokens";
  #hasBegun = false;
  #parentheses = 0;
  #brackets = 0;
  #commentDepth = 0;
  #dollarTag = Buffer.alloc(0);
  /** What stands behind the closing quote of an E'' string so far. */
  #gap: "nothing" | "spaces" | "line end" = "nothing";
  /** Unquoted words at the start of the statement, in lower case. */
  #words: string[] = [];
  #atomicDepth = 0;
  /** The word before, when nothing but space stands between. */
  #lastWord = "";
  /** Whether the last token was the word E, right here. */
  #afterE = false;
  #fromClient = false;

  /** Whether something of a statement has been read: not only space and comments. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** What the text would have to go on with, for messages: undefined between statements. */
  get openPart(): string | undefined {
    if (this.#mode === "block comment") return "a comment";
    if (this.#mode === "string" || this.#mode === "escape string" || this.#mode === "dollar string") return "a string";
    if (this.#mode === "quoted identifier") return "a quoted identifier";
    return this.#hasBegun ? "a statement" : undefined;
  }

  /**
   * Reads on from `start`.
   * @param isLast nothing follows these bytes.
   * @param onBegin is told where a statement's first token is.
   */
  scan(bytes: Buffer, start: number, isLast: boolean, onBegin: (at: number) => void): LexerStop {
    for (let at = start; at < bytes.length; ) {
      const next = this.#mode === "between tokens" ? this.#token(bytes, at, isLast, onBegin) : this.#rest(bytes, at);
      if (typeof next !== "number") return next;
      if (next < 0) return { kind: "needs more", left: bytes.length - at };
      at = next;
    }
    return { kind: "needs more", left: 0 };
  }

  /** Reads one token, or the start of one; answers where it ends, or -1 when more bytes must be seen first. */
  #token(bytes: Buffer, at: number, isLast: boolean, onBegin: (at: number) => void): number | LexerStop {
    const first = bytes[at]!;
    if (isSpace(first)) {
      this.#afterE = false;
      return at + 1;
    }
    const second = bytes[at + 1];
    const mayGoOn = second === undefined && !isLast;
    if (first === code.minus || first === code.slash) {
      if (mayGoOn) return -1;
      if (first === code.minus && second === code.minus) return this.#enter("line comment", at + 2);
      if (first === code.slash && second === code.star) {
        this.#commentDepth = 1;
        return this.#enter("block comment", at + 2);
      }
    }
    if (first === code.backslash && !this.#hasBegun) return { kind: "command", at };
    if (isWordStart(first)) return this.#word(bytes, at, isLast, onBegin);
    if (first === code.dollar) return this.#dollar(bytes, at, isLast, onBegin);
    if (first === code.colon && mayGoOn) return -1;
    if (first !== code.semicolon) this.#begin(at, onBegin);
    return this.#punctuation(bytes, at, first);
  }

  #punctuation(bytes: Buffer, at: number, first: number): number | LexerStop {
    const afterE = this.#afterE;
    this.#afterE = false;
    this.#lastWord = "";
    switch (first) {
      case code.quote:
        return this.#enter(afterE || !this.standardConformingStrings ? "escape string" : "string", at + 1);
      case code.doubleQuote:
        return this.#enter("quoted identifier", at + 1);
      case code.open:
        this.#parentheses += 1;
        return at + 1;
      case code.close:
        if (this.#parentheses > 0) this.#parentheses -= 1;
        return at + 1;
      case code.openBracket:
        this.#brackets += 1;
        return at + 1;
      case code.closeBracket:
        if (this.#brackets > 0) this.#brackets -= 1;
        return at + 1;
      case code.semicolon:
        return this.#semicolon(at);
      case code.colon:
        return this.#colon(bytes, at);
      case code.backslash:
        return { kind: "psql only", at, what: "a backslash command within a statement" };
      default:
        return at + 1;
    }
  }

  #semicolon(at: number): number | LexerStop {
    if (this.#parentheses > 0 || this.#atomicDepth > 0) return at + 1;
    if (!this.#hasBegun) return at + 1;
    const isCopyFromClient = this.#words[0] === "copy" && this.#fromClient;
    this.#reset();
    return { kind: "statement", end: at + 1, isCopyFromClient };
  }

  /** `:name`, `:'name'`, `:"name"` and `:{?name}` are psql variables, but for the bounds of an array's slice. */
  #colon(bytes: Buffer, at: number): number | LexerStop {
    const second = bytes[at + 1];
    if (second === code.colon) return at + 2;
    const isName =
      second !== undefined &&
      (isWordStart(second) || second === code.quote || second === code.doubleQuote || second === code.openBrace);
    if (this.#brackets > 0 || !isName) return at + 1;
    return { kind: "psql only", at, what: "a psql variable" };
  }

  #word(bytes: Buffer, at: number, isLast: boolean, onBegin: (at: number) => void): number {
    let end = at + 1;
    while (end < bytes.length && isWordPart(bytes[end]!)) end += 1;
    if (end === bytes.length && !isLast) return -1;
    this.#begin(at, onBegin);
    this.#afterE = end === at + 1 && (bytes[at]! | 0x20) === 0x65;
    // The longest word that means something here has 9 letters.
    this.#countWord(end - at > 9 ? "" : bytes.toString("latin1", at, end).toLowerCase());
    return end;
  }

  #countWord(word: string): void {
    if (this.#words.length < 4) this.#words.push(word);
    if (this.#parentheses === 0) {
      if (word === "stdin" && this.#lastWord === "from") this.#fromClient = true;
      if (definesRoutine(this.#words)) {
        // CASE has an END of its own.
        if (word === "begin" || (word === "case" && this.#atomicDepth > 0)) this.#atomicDepth += 1;
        else if (word === "end" && this.#atomicDepth > 0) this.#atomicDepth -= 1;
      }
    }
    this.#lastWord = word;
  }

  #dollar(bytes: Buffer, at: number, isLast: boolean, onBegin: (at: number) => void): number {
    let end = at + 1;
    if (end < bytes.length && isWordStart(bytes[end]!)) {
      while (end < bytes.length && isWordPart(bytes[end]!) && bytes[end] !== code.dollar) end += 1;
    }
    if (end === bytes.length && !isLast) return -1;
    this.#begin(at, onBegin);
    this.#afterE = false;
    this.#lastWord = "";
    if (bytes[end] !== code.dollar) return at + 1;
    this.#dollarTag = Buffer.from(bytes.subarray(at, end + 1));
    return this.#enter("dollar string", end + 1);
  }

  /** Goes on inside a string or comment; answers where it stops, or -1. */
  #rest(bytes: Buffer, at: number): number {
    switch (this.#mode) {
      case "string":
        return this.#until(bytes, at, code.quote);
      case "quoted identifier":
        return this.#until(bytes, at, code.doubleQuote);
      case "line comment":
        return this.#until(bytes, at, code.lineFeed);
      case "escape string":
        return this.#escapeString(bytes, at);
      case "after escape string":
        return this.#afterEscapeString(bytes, at);
      case "dollar string":
        return this.#dollarString(bytes, at);
      case "block comment":
        return this.#blockComment(bytes, at);
      case "between tokens":
        throw new Error("not inside anything");
    }
  }

  /** A doubled quote ends one string and begins the next, which comes to the same. */
  #until(bytes: Buffer, at: number, end: number): number {
    const found = bytes.indexOf(end, at);
    if (found < 0) return bytes.length;
    return this.#enter("between tokens", found + 1);
  }

  #escapeString(bytes: Buffer, at: number): number {
    for (let i = at; i < bytes.length; i++) {
      if (bytes[i] === code.backslash) {
        if (i + 1 === bytes.length) return i === at ? -1 : i;
        i += 1;
      } else if (bytes[i] === code.quote) {
        this.#gap = "nothing";
        return this.#enter("after escape string", i + 1);
      }
    }
    return bytes.length;
  }

  /** Another quote right here is a doubled one; behind a line end it continues the string. */
  #afterEscapeString(bytes: Buffer, at: number): number {
    let next = at;
    for (; next < bytes.length && isSpace(bytes[next]!); next++) {
      const isLineEnd = bytes[next] === code.lineFeed || bytes[next] === code.return;
      if (isLineEnd) this.#gap = "line end";
      else if (this.#gap === "nothing") this.#gap = "spaces";
    }
    if (next === bytes.length) return next;
    if (bytes[next] === code.quote && this.#gap !== "spaces") return this.#enter("escape string", next + 1);
    return this.#enter("between tokens", next);
  }

  #dollarString(bytes: Buffer, at: number): number {
    const found = bytes.indexOf(this.#dollarTag, at);
    if (found >= 0) return this.#enter("between tokens", found + this.#dollarTag.length);
    // The tag may begin in the last bytes.
    const kept = Math.min(this.#dollarTag.length - 1, bytes.length - at);
    return kept === bytes.length - at ? -1 : bytes.length - kept;
  }

  #blockComment(bytes: Buffer, at: number): number {
    for (let i = at; i < bytes.length; i++) {
      const first = bytes[i]!;
      if (first !== code.star && first !== code.slash) continue;
      if (i + 1 === bytes.length) return i === at ? -1 : i;
      const second = bytes[i + 1]!;
      if (first === code.slash && second === code.star) {
        this.#commentDepth += 1;
        i += 1;
      } else if (first === code.star && second === code.slash) {
        this.#commentDepth -= 1;
        i += 1;
        if (this.#commentDepth === 0) return this.#enter("between tokens", i + 1);
      }
    }
    return bytes.length;
  }

  #enter(mode: Mode, at: number): number {
    this.#mode = mode;
    this.#afterE = false;
    return at;
  }

  #begin(at: number, onBegin: (at: number) => void): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    onBegin(at);
  }

  #reset(): void {
    this.#hasBegun = false;
    this.#brackets = 0;
    this.#words = [];
    this.#lastWord = "";
    this.#fromClient = false;
  }
}

/** CREATE [OR REPLACE] FUNCTION or PROCEDURE. */
function definesRoutine(words: readonly string[]): boolean {
  if (words[0] !== "create") return false;
  const kind = words[1] === "or" && words[2] === "replace" ? words[3] : words[1];
  return kind === "function" || kind === "procedure";
}

function isSpace(byte: number): boolean {
  return byte === code.space || (byte >= code.tab && byte <= code.return);
}

function isWordStart(byte: number): boolean {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || byte === 0x5f || byte >= 0x80;
}

function isWordPart(byte: number): boolean {
  return isWordStart(byte) || (byte >= 0x30 && byte <= 0x39) || byte === code.dollar;
}
