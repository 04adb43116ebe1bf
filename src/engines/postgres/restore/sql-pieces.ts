/** A piece of SQL text. */
export interface SqlPiece {
  readonly kind: "word" | "name" | "string" | "sign";
  /** As it stands there, quotes included. */
  readonly text: string;
}

const space = /\s+/y;
const lineComment = /--[^\n\r]*/y;
const commentMark = /\/\*|\*\//g;
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const quoteOrBackslash = /['\\]/g;
/** Any other sign begins nothing. */
const signs = /[^\s\w"'$();/\u0080-\uffff-]+|[\s\S]/y;
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;

/**
 * Cuts SQL into pieces as the server does, without comments and space. The time grows with the length, whatever the text.
 * @param conforming `standard_conforming_strings` of the session: whether a backslash in a plain string is a character
 */
export function sqlPieces(sql: string, conforming = true): SqlPiece[] {
  const pieces: SqlPiece[] = [];
  for (let at = 0; at < sql.length; ) {
    const skipped = endOf(space, sql, at) ?? endOf(lineComment, sql, at) ?? endOfComment(sql, at);
    if (skipped !== undefined) {
      at = skipped;
      continue;
    }
    const [kind, end] = pieceAt(sql, at, conforming);
    pieces.push({ kind, text: sql.slice(at, end) });
    at = end;
  }
  return pieces;
}

function pieceAt(sql: string, at: number, conforming: boolean): [SqlPiece["kind"], number] {
  const first = sql[at]!;
  if (first === '"') return ["name", endOfQuoted(sql, at)];
  if (first === "'") return ["string", conforming ? endOfQuoted(sql, at) : endOfEscaped(sql, at)];
  if ((first === "e" || first === "E") && sql[at + 1] === "'") return ["string", endOfEscaped(sql, at + 1)];
  const tagEnd = first === "$" ? endOf(dollarTag, sql, at) : undefined;
  if (tagEnd !== undefined) {
    const close = sql.indexOf(sql.slice(at, tagEnd), tagEnd);
    return ["string", close < 0 ? sql.length : close + (tagEnd - at)];
  }
  const wordEnd = endOf(word, sql, at);
  return wordEnd === undefined ? ["sign", endOf(signs, sql, at)!] : ["word", wordEnd];
}

/**
 * Where a string or name ends whose quote stands at a place; a doubled quote is part of it. What is never closed goes on
 * to the end, as for the server. No regular expression: on strings of megabytes it would run out of stack.
 */
function endOfQuoted(sql: string, at: number): number {
  const quote = sql[at]!;
  for (let from = at + 1; ; ) {
    const found = sql.indexOf(quote, from);
    if (found < 0) return sql.length;
    if (sql[found + 1] !== quote) return found + 1;
    from = found + 2;
  }
}

/** The same where a backslash takes the meaning of what follows it. */
function endOfEscaped(sql: string, at: number): number {
  for (let from = at + 1; ; ) {
    quoteOrBackslash.lastIndex = from;
    const found = quoteOrBackslash.exec(sql);
    if (found === null) return sql.length;
    const isDoubled = found[0] === "'" && sql[found.index + 1] === "'";
    if (found[0] === "'" && !isDoubled) return found.index + 1;
    from = found.index + 2;
  }
}

/** Where what the sticky pattern finds at a place ends. */
function endOf(pattern: RegExp, sql: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : undefined;
}

/** Comments nest. Undefined when none begins there. */
function endOfComment(sql: string, at: number): number | undefined {
  if (!sql.startsWith("/*", at)) return undefined;
  commentMark.lastIndex = at + 2;
  for (let depth = 1; depth > 0; ) {
    const found = commentMark.exec(sql);
    if (found === null) return sql.length;
    depth += found[0] === "/*" ? 1 : -1;
  }
  return commentMark.lastIndex;
}

/**
 * Statements of a definition, each as its pieces. Semicolons in parentheses (of a rule) and in a body between BEGIN ATOMIC
 * and END belong to their statement.
 */
export function sqlStatements(pieces: readonly SqlPiece[]): SqlPiece[][] {
  const statements: SqlPiece[][] = [];
  let statement: SqlPiece[] = [];
  let parentheses = 0;
  let blocks = 0;
  let before = "";
  for (const piece of pieces) {
    const upper = piece.kind === "word" ? piece.text.toUpperCase() : piece.text;
    if (upper === "(") parentheses += 1;
    else if (upper === ")") parentheses -= 1;
    else if (upper === "ATOMIC" && before === "BEGIN") blocks += 1;
    else if (upper === "CASE" && blocks > 0) blocks += 1;
    else if (upper === "END" && blocks > 0) blocks -= 1;
    before = upper;
    if (upper !== ";" || parentheses > 0 || blocks > 0) statement.push(piece);
    else {
      statements.push(statement);
      statement = [];
      parentheses = 0;
    }
  }
  return [...statements, statement].filter(({ length }) => length > 0);
}
