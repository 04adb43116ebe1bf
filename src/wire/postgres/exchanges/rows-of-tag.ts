/** `COPY 12` -> 12; 0 when the tag has no count. */
export function rowsOfTag(commandTag: string): number {
  const count = /\d+$/.exec(commandTag)?.[0];
  return count === undefined ? 0 : Number(count);
}
