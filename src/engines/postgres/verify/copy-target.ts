/** A table as a COPY statement names it; binary strings. */
export interface CopyTarget {
  readonly schema: string;
  readonly name: string;
}

const pattern =
  /^COPY\s+(?:("(?:[^"]|"")+"|[a-z_\x80-\xff][\w$\x80-\xff]*)\.)?("(?:[^"]|"")+"|[a-z_\x80-\xff][\w$\x80-\xff]*)\s/i;

/** The table of `COPY schema.table (columns) FROM stdin;`; undefined when it is written in another way. */
export function copyTarget(sql: string): CopyTarget | undefined {
  const match = pattern.exec(sql);
  return match === null ? undefined : { schema: identifier(match[1] ?? ""), name: identifier(match[2]!) };
}

function identifier(text: string): string {
  if (text.startsWith('"')) return text.slice(1, -1).replaceAll('""', '"');
  // Unquoted names are folded; only ASCII letters are in a binary string's reach.
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
