import { flattenConditions, sqlTokens } from "./flatten-conditions.ts";

/** Two major versions, of the servers compared. */
export interface Majors {
  readonly left: number;
  readonly right: number;
}

/** Aspects that the server prints from parse trees; major versions print the same tree with other spaces and table names. */
const deparsed: ReadonlySet<string> = new Set([
  "definition",
  "default",
  "partition key",
  "partition bound",
  "using",
  "with check",
  "body",
]);

/**
 * The value of an aspect without what the server may print differently for the same thing: by the way that the thing
 * took into the server, or by its major version. Comparing without the latter finds less than comparing the values, so
 * it is done only between different major versions.
 */
export function loosen(aspect: string, value: string | undefined, majors: Majors): string | undefined {
  if (value === undefined) return undefined;
  const text = deparsed.has(aspect) ? flattenConditions(value) : value;
  return majors.left === majors.right ? text : betweenMajors(aspect, text, majors);
}

function betweenMajors(aspect: string, value: string, majors: Majors): string | undefined {
  if (aspect.endsWith("privileges")) return withoutMaintain(value, majors);
  // PostgreSQL 14 began to write IN before the arguments of procedures.
  if (aspect === "arguments") return looseExpression(value.replaceAll(/(^|, )IN /g, "$1"));
  // PostgreSQL 12 calls trigger functions by their name.
  if (deparsed.has(aspect)) return looseExpression(value.replace("EXECUTE PROCEDURE", "EXECUTE FUNCTION"));
  // In PostgreSQL 14 array functions took up the family of anycompatible.
  return value.replaceAll("anycompatible", "any").replaceAll("anyelement", "any");
}

/** The MAINTAIN privilege came with PostgreSQL 17 and belongs to every owner since. */
function withoutMaintain(privileges: string, { left, right }: Majors): string | undefined {
  if (left >= 17 === right >= 17) return privileges;
  const lines = privileges.split("\n").map((line) => line.replace(/=([a-zA-Z*]*?)m\*?([a-zA-Z*]*\/[^/]*)$/, "=$1$2"));
  return lines.filter((line) => !/=\/[^/]*$/.test(line)).join("\n") || undefined;
}

/** Only what tells one expression from another: no spaces, no table names before column names. */
function looseExpression(text: string): string {
  const words = text.match(sqlTokens) ?? [];
  return words.filter((word, index) => !(isName(word) && words[index + 1] === ".") && word !== ".").join(" ");
}

const isName = (word: string): boolean => /^["\w$\u0080-\u00ff]/.test(word);
