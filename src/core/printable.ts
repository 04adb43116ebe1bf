/**
 * Text from servers, archives and file systems, made safe for a terminal: control characters (an escape sequence could
 * clear the screen or retitle the window) and bidirectional overrides (which show names in another order) are escaped.
 */
export function printable(text: string): string {
  // Most is: to look takes a third of the time of a replacement that finds nothing.
  if (plain.test(text)) return text;
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escapeCharacter);
}

const plain = /^[\x20-\x7e]*$/;

function escapeCharacter(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  const code = character.charCodeAt(0);
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
