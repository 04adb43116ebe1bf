import { characterLengths } from "./multi-byte.ts";

/** Where in a statement the account of a DEFINER clause stands, and the clause. */
export interface DefinerClause {
  readonly start: number;
  readonly account: number;
  readonly end: number;
}

export interface Token {
  readonly kind: "word" | "quoted" | "other";
  readonly start: number;
  readonly end: number;
}

/** What may stand between CREATE or ALTER and DEFINER. */
const before = new Set(["OR", "REPLACE", "ALGORITHM", "=", "UNDEFINED", "MERGE", "TEMPTABLE"]);
const code = { hash: 0x23, star: 0x2a, minus: 0x2d, slash: 0x2f, backslash: 0x5c, lineFeed: 0x0a, exclamation: 0x21 };
const quotes = new Set([0x22, 0x27, 0x60]);

/**
 * Finds whom a statement that creates or changes a view or stored code names as its definer. It reads tokens from the
 * statement's beginning, and stops where no definer can follow: what bodies, strings and comments hold is never taken for one.
 * Conditional comments, in which dumps put the clause, are read as what they hold.
 * @param characterSet of the text
 */
export function findDefiner(text: Buffer, characterSet: string): DefinerClause | undefined {
  const tokens = tokensOf(text, characterSet);
  const next = (): Token | undefined => tokens.next().value ?? undefined;
  const word = ({ kind, start, end }: Token): string =>
    kind === "quoted" ? "" : text.toString("latin1", start, end).toUpperCase();
  const first = next();
  if (first === undefined || !["CREATE", "ALTER"].includes(word(first))) return undefined;
  for (let token = next(); token !== undefined; token = next()) {
    const name = word(token);
    if (before.has(name)) continue;
    if (name !== "DEFINER") return undefined;
    const equals = next();
    const user = next();
    if (equals === undefined || user === undefined || word(equals) !== "=") return undefined;
    const clause = { start: token.start, account: user.start, end: user.end };
    const behind = next();
    if (behind === undefined) return clause;
    if (word(behind) === "@") {
      const host = next();
      return host === undefined ? undefined : { ...clause, end: host.end };
    }
    // CURRENT_USER()
    const closing = word(behind) === "(" ? next() : undefined;
    return closing !== undefined && word(closing) === ")" ? { ...clause, end: closing.end } : clause;
  }
  return undefined;
}

/** The words, quoted names and strings, and other characters of a statement; without comments, and without the openers and ends of conditional ones. */
export function* tokensOf(text: Buffer, characterSet: string): Generator<Token, undefined> {
  const characterLength = characterLengths(characterSet);
  for (let at = 0; at < text.length; ) {
    const byte = text[at]!;
    const behindComment = endOfComment(text, at);
    if (behindComment > at) {
      at = behindComment;
    } else if (byte <= 0x20) {
      at += 1;
    } else if (quotes.has(byte)) {
      const end = endOfQuoted(text, at, characterLength);
      yield { kind: "quoted", start: at, end };
      at = end;
    } else if (isWordByte(byte)) {
      let end = at;
      while (end < text.length && isWordByte(text[end]!)) end += characterLength?.(text, end) ?? 1;
      yield { kind: "word", start: at, end };
      at = end;
    } else {
      yield { kind: "other", start: at, end: at + 1 };
      at += 1;
    }
  }
  return undefined;
}

/** Where the comment that begins here ends, or the opener of a conditional one, or its end; `at` when there is none. */
function endOfComment(text: Buffer, at: number): number {
  const [first, second] = [text[at], text[at + 1]];
  if (first === code.slash && second === code.star) {
    const opener = /^\/\*M?!\d{0,6}/.exec(text.toString("latin1", at, at + 10));
    if (opener !== null) return at + opener[0].length;
    const end = text.indexOf("*/", at + 2, "latin1");
    return end < 0 ? text.length : end + 2;
  }
  if (first === code.star && second === code.slash) return at + 2;
  const isLine = first === code.hash || (first === code.minus && second === code.minus && (text[at + 2] ?? 0) <= 0x20);
  if (!isLine) return at;
  const end = text.indexOf(code.lineFeed, at);
  return end < 0 ? text.length : end + 1;
}

/** Names of accounts hold no backslashes that would mean something: one before a quote is taken for an escape in strings. */
function endOfQuoted(text: Buffer, at: number, characterLength: ReturnType<typeof characterLengths>): number {
  const quote = text[at]!;
  for (let i = at + 1; i < text.length; i += characterLength?.(text, i) ?? 1) {
    if (text[i] === quote) {
      if (text[i + 1] !== quote) return i + 1;
      i += 1;
    } else if (text[i] === code.backslash && quote === 0x27) {
      i += 1;
    }
  }
  return text.length;
}

function isWordByte(byte: number): boolean {
  // A to Z, a to z, digits, $ . _ and what is not ASCII: hosts may stand without quotes, too.
  return (
    byte >= 0x80 ||
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x24 ||
    byte === 0x2e ||
    byte === 0x5f
  );
}
