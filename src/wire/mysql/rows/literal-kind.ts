/** How a column's values are written in INSERT statements. The numbers are those of insert-scanner.as.ts. */
export const LiteralKind = {
  /** As the server sends it; a negative zero in quotes, for as a number it would lose its sign. */
  number: 0,
  /** Quoted: text in the character set of the script, dates, everything else that is read as text. */
  text: 1,
  /** Quoted, with `_binary` before it: bytes that are no text in the character set of the script. */
  binary: 2,
  /** In hexadecimal digits: bits, which a string would not set right, and bytes when somebody wants them so. */
  hex: 3,
} as const;

export type LiteralKind = (typeof LiteralKind)[keyof typeof LiteralKind];
