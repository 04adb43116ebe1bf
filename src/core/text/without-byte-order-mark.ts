const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Editors of Windows begin UTF-8 files with a mark that means nothing; the stock clients skip it, too. */
export async function* withoutByteOrderMark(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Buffer | undefined = Buffer.alloc(0);
  for await (const piece of source) {
    if (start === undefined) {
      yield piece;
      continue;
    }
    start = Buffer.concat([start, piece]);
    if (start.length < byteOrderMark.length) continue;
    yield withoutMark(start);
    start = undefined;
  }
  if (start !== undefined) yield withoutMark(start);
}

function withoutMark(start: Buffer): Buffer {
  const hasMark = start.subarray(0, byteOrderMark.length).equals(byteOrderMark);
  return hasMark ? start.subarray(byteOrderMark.length) : start;
}
