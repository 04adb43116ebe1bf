import { configError } from "../../net/config-error.ts";
import { shownText } from "../../net/shown-text.ts";

/**
 * Reads `keyword = value` pairs as libpq does (manual, "Keyword/Value Connection Strings"): separated by spaces, values
 * with spaces in single quotes, `\` takes the next character as it is. The last of a keyword's values counts.
 * @throws BackupError CONFIG
 */
export function parseConninfo(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  // One setting at the current place: keyword, spaces, =, spaces, value.
  const pattern = /[ \t-\r]*([^ \t-\r=]+)[ \t-\r]*=[ \t-\r]*(?:'((?:[^'\\]|\\.)*)'|(?!')((?:[^ \t-\r\\]|\\.)*)\\?)/suy;
  const end = text.replace(/[ \t-\r]+$/, "").length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    // The value may hold a password: say where, not what.
    if (match === null) throw syntaxError(at, text.slice(at).trimStart().split(/[\s=]/)[0] ?? "");
    const [, keyword = "", quoted, plain = ""] = match;
    settings.set(keyword, (quoted ?? plain).replace(/\\(.)/gsu, "$1"));
  }
  return settings;
}

function syntaxError(at: number, word: string): Error {
  return configError(
    `the connection string cannot be read at character ${at + 1}, near "${shownText(word.slice(0, 40))}"`,
    "write keyword=value pairs separated by spaces, with values that hold spaces in single quotes",
  );
}
