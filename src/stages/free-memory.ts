/**
 * Gives the memory of a large buffer back at once; every view of it is empty from now on. Left to the collector, which sees
 * only the small object before it, a hundred such buffers wait for their end. Not for small ones: they lie in Node's pool.
 */
export function freeMemory({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
