/**
 * Elements of a one-dimensional array in the server's text form: `{a,"b c",NULL}`.
 * Source of the format: "Array Input and Output Syntax" of PostgreSQL's manual.
 */
export function parseArray(text: string): (string | null)[] {
  if (!text.startsWith("{") || !text.endsWith("}")) throw malformed(text);
  const elements: (string | null)[] = [];
  let at = 1;
  if (text[at] === "}") return elements;
  for (;;) {
    const element = text[at] === '"' ? quotedElement(text, at) : bareElement(text, at);
    elements.push(element.value);
    const separator = text[element.end];
    if (separator === "}" && element.end === text.length - 1) return elements;
    if (separator !== ",") throw malformed(text);
    at = element.end + 1;
  }
}

/** As {@link parseArray}, of an array that holds no NULL. */
export function parseTextArray(text: string): string[] {
  if (text === "{}") return [];
  return parseArray(text).map((element) => {
    if (element === null) throw malformed(text);
    return element;
  });
}

const none: readonly string[] = [];

/** As {@link parseTextArray}; NULL has no elements. Most columns of catalogues are NULL for most objects, which share one array. */
export function textArray(text: string | null | undefined): readonly string[] {
  return text === null || text === undefined ? none : parseTextArray(text);
}

/** The text form of an array of strings, with every element quoted that may need it. */
export function formatTextArray(elements: readonly string[]): string {
  const quoted = elements.map((element) =>
    /^[\w=/.*-]+$/.test(element) && element.toUpperCase() !== "NULL"
      ? element
      : `"${element.replaceAll(/["\\]/g, "\\$&")}"`,
  );
  return `{${quoted.join(",")}}`;
}

interface Element {
  readonly value: string | null;
  /** Index of the character after it. */
  readonly end: number;
}

function quotedElement(text: string, start: number): Element {
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') return { value, end: at + 1 };
    value += character === "\\" ? (text[++at] ?? "") : character;
  }
  throw malformed(text);
}

function bareElement(text: string, start: number): Element {
  let value = "";
  let at = start;
  let escaped = false;
  for (; at < text.length && text[at] !== "," && text[at] !== "}"; at++) {
    if (text[at] === "{" || text[at] === '"') throw malformed(text);
    if (text[at] === "\\") {
      escaped = true;
      at++;
    }
    value += text[at] ?? "";
  }
  if (value === "") throw malformed(text);
  return { value: !escaped && value.toUpperCase() === "NULL" ? null : value, end: at };
}

function malformed(text: string): Error {
  return new Error(`not the text of a one-dimensional array: ${text.slice(0, 200)}`);
}
