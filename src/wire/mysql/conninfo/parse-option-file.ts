/** One line of an option file that says something. */
export type OptionLine =
  | { readonly kind: "option"; readonly group: string; readonly name: string; readonly value: string | undefined }
  | { readonly kind: "include"; readonly path: string }
  | { readonly kind: "includedir"; readonly path: string };

/** A line that cannot be read; its number, never its text: that may hold a password. */
export interface BadLine {
  readonly kind: "bad";
  readonly line: number;
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  s: " ",
  '"': '"',
  "'": "'",
  "\\": "\\",
};

/**
 * Reads the text of an option file as MySQL's and MariaDB's programs do (MySQL manual, "Using Option Files"): groups, options
 * with or without a value, comments behind `#` outside quotes, quotes around a whole value, escapes also without quotes.
 */
export function parseOptionFile(text: string): (OptionLine | BadLine)[] {
  const found: (OptionLine | BadLine)[] = [];
  let group: string | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const include = /^!(includedir|include)\s+(.+)$/.exec(line);
    if (include !== null) {
      found.push({ kind: include[1] as "include" | "includedir", path: include[2]! });
      continue;
    }
    if (line.startsWith("[")) {
      group = /^\[([^\]]+)\]/.exec(line)?.[1]?.trim();
      if (group === undefined) found.push({ kind: "bad", line: index + 1 });
      continue;
    }
    if (group === undefined || line.startsWith("!")) {
      found.push({ kind: "bad", line: index + 1 });
      continue;
    }
    found.push({ kind: "option", group, ...readOption(withoutComment(line)) });
  }
  return found;
}

function readOption(line: string): { readonly name: string; readonly value: string | undefined } {
  const equals = line.indexOf("=");
  if (equals < 0) return { name: line, value: undefined };
  return { name: line.slice(0, equals).trim(), value: unescaped(unquoted(line.slice(equals + 1).trim())) };
}

function withoutComment(line: string): string {
  let quote = "";
  let isEscaped = false;
  for (const [index, character] of [...line].entries()) {
    if ((character === '"' || character === "'") && !isEscaped) {
      if (quote === "") quote = character;
      else if (quote === character) quote = "";
    }
    if (quote === "" && character === "#") return [...line].slice(0, index).join("").trimEnd();
    isEscaped = quote !== "" && character === "\\" && !isEscaped;
  }
  return line;
}

function unquoted(value: string): string {
  const first = value[0];
  const isQuoted = value.length >= 2 && (first === '"' || first === "'") && value.endsWith(first);
  return isQuoted ? value.slice(1, -1) : value;
}

/** A backslash before another character is itself, as before a path's. */
function unescaped(value: string): string {
  return value.replace(/\\(.)/gs, (all, character: string) => escapes[character] ?? all);
}
