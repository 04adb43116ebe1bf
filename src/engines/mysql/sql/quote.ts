/** A name in backticks. Names hold no zero byte. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** A text literal, for sessions without NO_BACKSLASH_ESCAPES whose character set is utf8mb4. */
export function quoteText(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&").replaceAll("\0", "\\0")}'`;
}
