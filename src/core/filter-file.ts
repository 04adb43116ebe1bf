import { BackupError } from "./backup-error.ts";

/** One row of a filter file. */
export interface FilterRule {
  readonly action: "include" | "exclude";
  /** `table`, `schema`, `function`, ... */
  readonly object: string;
  /** As psql's patterns are written: quotes kept, space that means nothing taken away. */
  readonly pattern: string;
  readonly line: number;
}

/** Which objects can be included and excluded. */
export interface FilterGrammar {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * Reads a filter file as pg_dump and pg_restore since 17 do: `include` or `exclude`, a kind of object, a pattern; comments
 * from `#` on. A quoted name may hold anything, line ends included; two quotes in it are one.
 * @param name of the file, for messages
 * @throws BackupError USAGE with the line
 */
export function parseFilterFile(text: string, name: string, grammar: FilterGrammar): FilterRule[] {
  const rules: FilterRule[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    const row = /^\s*(\S+)?\s*(\S+)?/.exec(lines[at]!)!;
    const [start, action, object] = row;
    if (action === undefined || action.startsWith("#")) continue;
    const refuse = (reason: string) => wrongRow(name, line, reason);
    if (action !== "include" && action !== "exclude") throw refuse(`"${action}" is neither "include" nor "exclude"`);
    if (object === undefined || object.startsWith("#")) throw refuse("the kind of object is missing");
    if (!grammar[action].includes(object)) {
      throw refuse(`it cannot ${action} "${object}" (only ${grammar[action].join(", ")})`);
    }
    let pattern = lines[at]!.slice(start.length);
    while (hasOpenQuote(pattern) && at + 1 < lines.length) pattern += `\n${lines[++at]!}`;
    if (hasOpenQuote(pattern)) throw refuse("a quoted name is not ended");
    const normal = normalPattern(pattern);
    if (normal === "") throw refuse("the pattern is missing");
    rules.push({ action, object, pattern: normal, line });
  }
  return rules;
}

const piece = /"(?:[^"]|"")*"|#|[,.()]|\s+|[^\s#",.()]+/g;

function hasOpenQuote(pattern: string): boolean {
  const rest = pattern.replace(/"(?:[^"]|"")*"/g, "");
  const comment = rest.indexOf("#");
  const quote = rest.indexOf('"');
  return quote >= 0 && (comment < 0 || quote < comment);
}

/** Without comment; one space behind each comma and between words, none elsewhere: as functions' arguments are printed. */
function normalPattern(text: string): string {
  let pattern = "";
  let hadSpace = false;
  for (const [part] of text.matchAll(piece)) {
    if (part === "#") break;
    if (/^\s/.test(part)) {
      hadSpace = true;
      continue;
    }
    const isSign = /^[,.()]$/.test(part);
    if (hadSpace && !isSign && pattern !== "" && !/[,.() ]$/.test(pattern)) pattern += " ";
    pattern += part === "," ? ", " : part;
    hadSpace = false;
  }
  return pattern.trimEnd();
}

function wrongRow(name: string, line: number, reason: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `line ${line} of the filter file "${name}" cannot be understood: ${reason}`,
    hint: "write rows like: include table NAME, exclude schema NAME, # comment",
  });
}
