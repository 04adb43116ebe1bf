import type { MysqlConnection } from "../../../wire/mysql/connection.ts";

/** Text in another character set, and whether all of it has a place there. */
export interface ConvertedText {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

/**
 * Has the server convert text. What is ASCII stays as it is: sjis has a backslash of its own for Unicode's, which would not
 * escape anything.
 * @param unicode in UTF-8
 * @param characterSet by the server's name
 */
export async function convertText(
  connection: MysqlConnection,
  unicode: Buffer,
  characterSet: string,
): Promise<ConvertedText> {
  const text = unicode.toString("latin1");
  const runs = [...new Set(text.match(/[\x80-\xff]+/g))];
  if (runs.length === 0 || /^(?:utf8|binary)/.test(characterSet)) return { bytes: unicode, isWhole: true };
  const there = new Map<string, string>();
  let isWhole = true;
  for (const run of runs) {
    const hex = Buffer.from(run, "latin1").toString("hex");
    const value = `CONVERT(_utf8mb4 0x${hex} USING ${characterSet})`;
    const [row] = await connection.rows(`SELECT HEX(${value}) AS there, HEX(CONVERT(${value} USING utf8mb4)) AS back`);
    if (row?.back?.toLowerCase() !== hex) isWhole = false;
    there.set(run, Buffer.from(row?.there ?? "", "hex").toString("latin1"));
  }
  const converted = text.replaceAll(/[\x80-\xff]+/g, (run) => there.get(run)!);
  return { bytes: Buffer.from(converted, "latin1"), isWhole };
}
