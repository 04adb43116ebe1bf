import { quoteConformingLiteral } from "../sql/quote.ts";

/** A literal of text that somebody typed, in the encoding of the server, which converts it itself: any encoding will do. */
export function serverText(text: string): string {
  if (/^[\x01-\x7f]*$/.test(text)) return quoteConformingLiteral(text);
  const bytes = Buffer.from(text, "utf8").toString("hex");
  return `pg_catalog.convert_from('\\x${bytes}'::pg_catalog.bytea, 'UTF8')`;
}
