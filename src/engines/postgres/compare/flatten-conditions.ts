/** Literals and quoted names, else words, else single signs. */
export const sqlTokens = /E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[\w$\u0080-\u00ff]+|\S/gs;

type Connective = "AND" | "OR";

/** What stands between two parentheses. */
interface Group {
  readonly parts: readonly Part[];
  /** What joins the parts, where they are a condition. */
  readonly connective: Connective | undefined;
}

type Part = string | Group;

const isQuery = /^(SELECT|VALUES|WITH)$/;

/**
 * An expression as the server prints it, with `((a AND b) AND c)` as `(a AND b AND c)`, and the same for OR: `x BETWEEN
 * 1 AND 2 AND y` is kept in the first form when it is typed, and in the second when what the server prints is read again
 * by a restore. One space between all tokens. Time grows with the length, whatever the depth.
 */
export function flattenConditions(sql: string): string {
  const open: Part[][] = [[]];
  for (const token of sql.match(sqlTokens) ?? []) {
    if (token === "(") {
      open.push([]);
    } else if (token === ")" && open.length > 1) {
      const group = groupOf(open.pop()!);
      open.at(-1)!.push(group);
    } else {
      open.at(-1)!.push(token);
    }
  }
  // What was opened and never closed is no expression; it keeps its text.
  return textOf(groupOf(open.flatMap((parts, depth) => (depth === 0 ? parts : ["(", ...parts]))));
}

function groupOf(parts: readonly Part[]): Group {
  const [first] = parts;
  const isCondition = typeof first !== "string" || !isQuery.test(first);
  const [and, or] = [parts.includes("AND"), parts.includes("OR")];
  return { parts, connective: isCondition && and !== or ? (and ? "AND" : "OR") : undefined };
}

/** Without recursion: a hostile definition may be nested deeper than the stack. */
function textOf(whole: Group): string {
  const words: string[] = [];
  const waiting: Part[] = partsInside(whole);
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (typeof part === "string") words.push(part);
    else for (const inner of partsInside(part)) waiting.push(inner);
  }
  return words.join(" ");
}

/** The parts of a group in reverse order, groups in it with their parentheses where these mean something. */
function partsInside({ parts, connective }: Group): Part[] {
  const inside = parts.flatMap((part, at): Part[] => {
    if (typeof part === "string") return [part];
    const [before, after] = [parts[at - 1] ?? connective, parts[at + 1] ?? connective];
    const isOperand = connective !== undefined && before === connective && after === connective;
    return isOperand && part.connective === connective ? [part] : ["(", part, ")"];
  });
  return inside.toReversed();
}
