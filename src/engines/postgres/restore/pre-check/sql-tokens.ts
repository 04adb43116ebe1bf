// What is never closed goes on to the end: looking for its end again behind each sign would take for ever.
const tokenPattern =
  /--[^\n]*|"(?:[^"]|"")*"|'(?:[^']|'')*'|(\$(?:[A-Za-z_\u0080-\u{10ffff}][\w\u0080-\u{10ffff}]*)?\$)[\s\S]*?(?:\1|$)|[A-Za-z_\u0080-\u{10ffff}][\w$\u0080-\u{10ffff}]*|\S/gu;

/**
 * Tokens of a definition as pg_dump writes it: words, quoted names, strings, single signs. Good for finding names after
 * keywords; not a parser.
 */
export function sqlTokens(sql: string): string[] {
  return Array.from(sql.matchAll(tokenPattern), ([token]) => token).filter((token) => !token.startsWith("--"));
}

/** The name that a token means; undefined when it is no name. */
export function nameOfToken(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  if (token.startsWith('"')) return token.slice(1, -1).replaceAll('""', '"');
  return /^[A-Za-z_\u0080-\u{10ffff}]/u.test(token) ? token.toLowerCase() : undefined;
}
