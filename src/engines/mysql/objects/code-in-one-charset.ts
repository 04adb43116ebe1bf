import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlCapabilities } from "../../../wire/mysql/server-capabilities.ts";
import { convertText } from "../script/convert-text.ts";
import { findDefiner, tokensOf } from "../script/definer-clause.ts";

/** What of a statement comes in UTF-8; the rest is in the character set of whoever made the object. */
type Span = readonly [from: number, to: number];

/**
 * What makes stored code, in one character set. Servers show bodies as their maker's client sent them, and names, definers
 * and comments in part in UTF-8, in one statement: loaded so, objects would get other names, and definers that nobody is.
 * (As seen on MariaDB 10.5 to 11.8, MySQL 5.6 and 9.7; views and what packages hold are not mixed.)
 * @param onLoss told when some of it has no place in that character set
 */
export async function codeInOneCharset(
  connection: MysqlConnection,
  what: string,
  create: Buffer,
  characterSet: string,
  { codeNamesInUnicode }: Pick<MysqlCapabilities, "codeNamesInUnicode">,
  onLoss: () => void,
): Promise<Buffer> {
  if (/^(?:utf8|binary)/.test(characterSet)) return create;
  const pieces: Buffer[] = [];
  let at = 0;
  for (const [from, to] of unicodeSpans(what, create, characterSet, codeNamesInUnicode)) {
    const { bytes, isWhole } = await convertText(connection, create.subarray(from, to), characterSet);
    if (!isWhole) onLoss();
    pieces.push(create.subarray(at, from), bytes);
    at = to;
  }
  return Buffer.concat([...pieces, create.subarray(at)]);
}

function unicodeSpans(what: string, create: Buffer, characterSet: string, namesToo: boolean): Span[] {
  switch (what) {
    case "EVENT":
      return [[0, endOfWord(create, "DO") ?? 0]];
    case "TRIGGER":
      return [[0, (namesToo ? endOfWord(create, "ROW") : findDefiner(create, "utf8mb4")?.end) ?? 0]];
    case "FUNCTION":
    case "PROCEDURE":
      return routineSpans(create, characterSet, namesToo);
    default:
      return [];
  }
}

/** `CREATE DEFINER=... FUNCTION name` up to the parameters, and what stands between these and the body. */
function routineSpans(create: Buffer, characterSet: string, namesToo: boolean): Span[] {
  const open = startOfParameters(create, namesToo ? "utf8mb4" : characterSet);
  if (open === undefined) return [];
  let depth = 0;
  for (const { kind, start, end } of tokensOf(create.subarray(open), characterSet)) {
    if (kind === "quoted") continue;
    if (create[open + start] === 0x28) depth++;
    if (create[open + start] !== 0x29 || --depth > 0) continue;
    const closed = open + end;
    return [
      [0, namesToo ? open : 0],
      [closed, endOfCharacteristics(create, closed)],
    ];
  }
  return [];
}

function startOfParameters(create: Buffer, characterSet: string): number | undefined {
  for (const { kind, start } of tokensOf(create, characterSet)) {
    if (kind === "other" && create[start] === 0x28) return start;
  }
  return undefined;
}

/** RETURNS ends its line, characteristics have lines of their own with four spaces before them; bodies begin without. */
function endOfCharacteristics(create: Buffer, from: number): number {
  let at = from;
  let isFirst = true;
  while (isFirst || create.toString("latin1", at, at + 4) === "    ") {
    isFirst = false;
    const last = at;
    at = create.indexOf(0x0a, at) + 1;
    // A comment may have line breaks.
    for (const { kind, end } of tokensOf(create.subarray(last), "utf8mb4")) {
      if (kind === "quoted" && last + end > at) at = create.indexOf(0x0a, last + end) + 1;
      if (last + end >= at - 1) break;
    }
    if (at === 0) return create.length;
  }
  return at;
}

function endOfWord(create: Buffer, word: string): number | undefined {
  for (const { kind, start, end } of tokensOf(create, "utf8mb4")) {
    if (kind === "word" && create.toString("latin1", start, end).toUpperCase() === word) return end;
  }
  return undefined;
}
