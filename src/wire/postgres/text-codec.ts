/**
 * How a session's strings and the server's bytes belong together. `binary`: every byte is one UTF-16 unit 0-255, so that
 * text of any encoding passes unchanged. `utf8`: real Unicode.
 */
export type TextMode = "utf8" | "binary";

const unitAbove255 = /[^\u0000-\u00ff]/;

/** Bytes of `text` as the server gets them. A binary string with a unit above 255 is a fault of the programmer. */
export function encodeText(text: string, mode: TextMode): Buffer {
  if (mode === "utf8") return Buffer.from(text, "utf8");
  if (unitAbove255.test(text)) throw new Error("a binary string holds a unit above 255: it was decoded already");
  return Buffer.from(text, "latin1");
}

export function decodeText(bytes: Buffer, start: number, end: number, mode: TextMode): string {
  return bytes.toString(mode === "utf8" ? "utf8" : "latin1", start, end);
}
