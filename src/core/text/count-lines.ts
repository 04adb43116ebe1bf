/** Line ends in a part of the bytes. */
export function countLines(bytes: Buffer, start: number, end: number): number {
  const part = bytes.subarray(start, end);
  let count = 0;
  for (let at = part.indexOf(0x0a); at >= 0; at = part.indexOf(0x0a, at + 1)) count += 1;
  return count;
}
