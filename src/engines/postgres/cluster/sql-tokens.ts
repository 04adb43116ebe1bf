/** A token of a statement, with its place in the text. */
export interface SqlToken {
  readonly kind: "word" | "quoted" | "string" | "number" | "symbol";
  /** As written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const pattern =
  /(?<space>\s+|--[^\n]*)|(?<quoted>"(?:[^"]|"")*")|(?<string>[Ee]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*')|(?<word>[A-Za-z_\x80-\xff][\w$\x80-\xff]*)|(?<number>-?[\d.]+)|(?<symbol>.)/gsy;

/** Tokens of a statement that the splitter of scripts found whole, under `standard_conforming_strings = on`. */
export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  for (const match of sql.matchAll(pattern)) {
    const [kind] = Object.entries(match.groups!).find(([, text]) => text !== undefined)!;
    if (kind === "space") continue;
    const start = match.index;
    tokens.push({ kind: kind as SqlToken["kind"], text: match[0], start, end: start + match[0].length });
  }
  return tokens;
}

/** Whether a token is this keyword. */
export function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === "word" && token.text.toUpperCase() === word;
}

/** The name that an identifier stands for; undefined when the token is none. */
export function nameOf(token: SqlToken | undefined): string | undefined {
  if (token?.kind === "quoted") return token.text.slice(1, -1).replaceAll('""', '"');
  return token?.kind === "word" ? token.text.toLowerCase() : undefined;
}

/** The text of a literal; undefined when the token is none. */
export function literalOf(token: SqlToken | undefined): string | undefined {
  if (token?.kind !== "string") return undefined;
  const isEscaped = !token.text.startsWith("'");
  const inner = token.text.slice(isEscaped ? 2 : 1, -1).replaceAll("''", "'");
  // pg_dumpall and we escape nothing but the backslash itself.
  return isEscaped ? inner.replaceAll(/\\(.)/gs, "$1") : inner;
}
