/** One of the parts of a pattern that dots separate. */
export interface PatternPart {
  /** As a name: folded to lower case where it is not quoted. */
  readonly name: string;
  /** Regular expression of the server, without anchors; empty for an empty part. */
  readonly regex: string;
}

/** In quotes these mean themselves. */
const special = new Set("|*+?()[]{}.^$\\");

/**
 * Reads a pattern as psql's \d and pg_dump do: letters outside double quotes are folded to lower case, `*` and `?` stand for
 * any text and any character, dots separate the parts, everything else of regular expressions keeps its meaning but
 * `$` and the `[]` of an array. In quotes all characters mean themselves.
 * Source: "Patterns" in the PostgreSQL manual's page of psql.
 */
export function readNamePattern(pattern: string): PatternPart[] {
  const parts: PatternPart[] = [];
  let name = "";
  let regex = "";
  let isQuoted = false;
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === '"') {
      if (isQuoted && characters[at + 1] === '"') {
        at += 1;
        name += '"';
        regex += '"';
      } else isQuoted = !isQuoted;
    } else if (character === "." && !isQuoted) {
      parts.push({ name, regex });
      name = "";
      regex = "";
    } else {
      // Only ASCII is folded: that holds whatever the locale of the server.
      const folded = isQuoted ? character : character.replace(/[A-Z]/, (letter) => letter.toLowerCase());
      name += folded;
      regex += expressionOf(folded, isQuoted, characters[at + 1]);
    }
  }
  parts.push({ name, regex });
  return parts;
}

function expressionOf(character: string, isQuoted: boolean, next: string | undefined): string {
  if (character === "$") return "\\$";
  if (isQuoted) return special.has(character) ? `\\${character}` : character;
  if (character === "*") return ".*";
  if (character === "?") return ".";
  return character === "[" && next === "]" ? "\\[" : character;
}
