import { isUtf8 } from "node:buffer";

const maxShownLength = 2000;

/** Control characters (C0, DEL, C1) and bidirectional overrides, which could rewrite what a terminal shows. */
const unsafeCharacters = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text that came from a peer, safe to print: control characters escaped; newlines and tabs too. */
export function shownText(text: string): string {
  const cut = text.length > maxShownLength ? `${text.slice(0, maxShownLength)}...` : text;
  return cut.replace(unsafeCharacters, escapeCharacter);
}

function escapeCharacter(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  if (character === "\r") return "\\r";
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Message text of a server, in whatever encoding the session has: UTF-8 where it is valid, else one character a byte. */
export function textForPeople(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? "utf8" : "latin1");
}
