/** A piece of a statement. Together, with what stands before each, they are its text. */
export interface Piece {
  readonly kind: "word" | "name" | "string" | "sign" | "opener" | "closer";
  /** Spaces and comments before it. */
  readonly before: string;
  readonly text: string;
}

const pattern =
  /((?:\s+|--[\t ][^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*(?!M?!\d|!)[\s\S]*?\*\/)*)(?:(`(?:[^`]|``)*`)|('(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*")|(\/\*M?!\d{0,6})|(\*\/)|([A-Za-z_0-9$\u0080-\uffff]+(?:\.\d+)?)|([\s\S]))/gy;

/**
 * Cuts a statement into words, quoted names, strings and signs. What strings, names and comments hold is never cut.
 * @param text in which quotes and backslashes are as usual; a binary string for other character sets
 */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const match of text.matchAll(pattern)) {
    const [, before = "", name, string, opener, closer, word, sign] = match;
    if (name !== undefined) pieces.push({ kind: "name", before, text: name });
    else if (string !== undefined) pieces.push({ kind: "string", before, text: string });
    else if (opener !== undefined) pieces.push({ kind: "opener", before, text: opener });
    else if (closer !== undefined) pieces.push({ kind: "closer", before, text: closer });
    else if (word !== undefined) pieces.push({ kind: "word", before, text: word });
    else if (sign !== undefined) pieces.push({ kind: "sign", before, text: sign });
  }
  return pieces;
}

export function textOf(pieces: readonly Piece[]): string {
  return pieces.map(({ before, text }) => before + text).join("");
}

/** Whether these words or signs stand there. */
export function standsAt(pieces: readonly Piece[], index: number, ...words: readonly string[]): boolean {
  return words.every((word, offset) => wordOf(pieces[index + offset]) === word);
}

/** The first place of these words from `from` on; -1 when they are nowhere. */
export function findWords(pieces: readonly Piece[], from: number, ...words: readonly string[]): number {
  for (let index = from; index < pieces.length; index++) if (standsAt(pieces, index, ...words)) return index;
  return -1;
}

/** A word or sign in capitals; empty for what is quoted. */
export function wordOf(piece: Piece | undefined): string {
  return piece === undefined || (piece.kind !== "word" && piece.kind !== "sign") ? "" : piece.text.toUpperCase();
}

/** The place behind the bracket that closes the one at `open`. */
export function behindBracket(pieces: readonly Piece[], open: number): number {
  let depth = 0;
  for (let index = open; index < pieces.length; index++) {
    const word = wordOf(pieces[index]);
    if (word === "(") depth++;
    if (word === ")" && --depth === 0) return index + 1;
  }
  return pieces.length;
}

/** A quoted name without its quotes; anything else as it is. */
export function nameOf(piece: Piece | undefined): string {
  if (piece === undefined) return "";
  return piece.kind === "name" ? piece.text.slice(1, -1).replaceAll("``", "`") : piece.text;
}

/** The same pieces with those from `from` to `to` replaced by words. */
export function replaced(pieces: readonly Piece[], from: number, to: number, text = ""): Piece[] {
  const inserted: Piece[] = text === "" ? [] : [{ kind: "word", before: pieces[from]?.before || " ", text }];
  return [...pieces.slice(0, from), ...inserted, ...pieces.slice(to)];
}

/** Conditional comments as what they hold: the other flavour would take them for comments. */
export function withoutConditions(pieces: readonly Piece[]): Piece[] {
  let carried = "";
  return pieces.flatMap((piece) => {
    if (piece.kind === "opener" || piece.kind === "closer") {
      carried ||= piece.before || " ";
      return [];
    }
    const kept = { ...piece, before: piece.before || carried };
    carried = "";
    return [kept];
  });
}
