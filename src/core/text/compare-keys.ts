/**
 * The order of the bytes of two texts in UTF-8, which is that of their UTF-16 units but for characters of two units: these come
 * behind all others. Bytes of both for each comparison would be millions of buffers for a listing of 100,000.
 */
export function compareKeys(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return rankOf(left) - rankOf(right);
  }
  return a.length - b.length;
}

function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
