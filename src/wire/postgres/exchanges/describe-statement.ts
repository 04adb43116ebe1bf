import { shownText } from "../../net/shown-text.ts";
import type { TextMode } from "../text-codec.ts";

const maxShown = 80;
/** Statements may have megabytes; only their beginning is looked at. */
const maxRead = 500;

/** What could stand in front of a password or a connection string. */
const secretAhead = /password|connection\s*'|user\s+mapping/i;

/** `running "..."` with the start of a statement, for messages; what could hold a password is cut off. */
export function describeStatement(sql: string, mode: TextMode): string {
  const start = sql.slice(0, maxRead);
  const text = mode === "utf8" ? start : textOfBytes(start);
  const line = text.replace(/\s+/g, " ").trim();
  const secretAt = line.search(secretAhead);
  const harmless = secretAt < 0 ? line : `${line.slice(0, secretAt)}...`;
  return `running "${shownText(harmless.length > maxShown ? `${harmless.slice(0, maxShown)}...` : harmless)}"`;
}

/** A binary string for people: as UTF-8 where it is that, but for a character that was cut at the end. */
function textOfBytes(binary: string): string {
  const text = Buffer.from(binary, "latin1")
    .toString("utf8")
    .replace(/\ufffd$/, "");
  return text.includes("\ufffd") ? binary : text;
}
