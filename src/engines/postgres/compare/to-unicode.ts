/** Text for people from a binary string that holds UTF-8. What is no UTF-8 (SQL_ASCII) is shown byte by byte. */
export function toUnicode(binary: string): string {
  const bytes = Buffer.from(binary, "latin1");
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return binary;
  }
}

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
