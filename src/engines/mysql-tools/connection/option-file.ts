/** Settings by the names of options. */
export type OptionLines = Readonly<Record<string, string | number | true | undefined>>;

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  '"': '\\"',
  "'": "\\'",
};

/** The text of an option file that all programs read. Those without a value are left out; `true` stands for a flag. */
export function formatOptionFile(options: OptionLines): string {
  const lines = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [value === true ? name : `${name}=${quoted(String(value))}`];
  });
  return `[client]\n${lines.join("\n")}\n`;
}

/** In quotes, so that spaces at its ends and `#` belong to it. */
function quoted(value: string): string {
  return `"${value.replaceAll(/[\\\n\r\t\b"']/g, (character) => escapes[character]!)}"`;
}

/** Programs read lines of so many bytes, and take a longer one for two. */
const longestLine = 4000;

/** Whether a value comes out of such a file as it is. */
export function fitsOptionFile(value: string): boolean {
  return !value.includes("\0") && Buffer.byteLength(quoted(value)) <= longestLine;
}
