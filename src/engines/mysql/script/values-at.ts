/** A list of columns is at most so long: 4,096 names of 64 characters of up to 4 bytes, with what stands around them. */
const longestList = 4096 * (64 * 4 * 2 + 4);
const usualLength = 4096;

const name = "(?:`(?:[^`]|``)*`|[0-9A-Za-z_$\\x80-\\xff]+)";
const pattern = new RegExp(
  `^\\s*(?:/\\*M?!\\d{0,6}\\s*)?(?:INSERT|REPLACE)(?:\\s+(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE|INTO))*\\s+${name}(?:\\s*\\.\\s*${name})?` +
    `\\s*(?:\\(\\s*(?:${name}\\s*(?:,\\s*${name}\\s*)*)?\\))?\\s*VALUES?(?=[\\s(])`,
  "i",
);

/** Where the rows of an INSERT or REPLACE begin; undefined when they are no VALUES. */
export function valuesAt(statement: Buffer): number | undefined {
  for (const length of [usualLength, longestList]) {
    const found = pattern.exec(statement.toString("latin1", 0, length))?.[0];
    if (found !== undefined) return found.length;
    if (statement.length <= length) return undefined;
  }
  return undefined;
}
