/** The first bytes of a stream, at most `count`, and the whole stream, which is to be read or ended from then on. */
export async function peekStream(
  stream: AsyncIterable<Uint8Array>,
  count: number,
): Promise<{ readonly head: Buffer; readonly all: AsyncIterable<Uint8Array> }> {
  const iterator = stream[Symbol.asyncIterator]();
  const taken: Uint8Array[] = [];
  let length = 0;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    length += next.value.length;
    // Asking for the next piece may take this one's memory back.
    taken.push(length >= count ? next.value : Buffer.from(next.value));
    if (length >= count) break;
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* taken;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat(taken).subarray(0, count), all: all() };
}
