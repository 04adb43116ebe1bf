import { quoteIdentifier } from "../sql/quote.ts";

/** @param subject `INDEX s.i`, `TRIGGER t ON s.r`: what stands behind ALTER. Quoted. */
export function dependsOnExtensionStatements(subject: string, extensions: readonly string[]): string {
  return extensions.map((name) => `\nALTER ${subject} DEPENDS ON EXTENSION ${quoteIdentifier(name)};`).join("");
}
