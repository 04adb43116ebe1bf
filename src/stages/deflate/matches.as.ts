// The matches of one block as they are found: for each, how many literals come before it, its length and its distance.

/** Room for a match in every six bytes of a block of 64 KiB: shorter ones are not looked for. */
export const MATCHES: usize = memory.data(87392, 64);

let matchesEnd: usize = MATCHES;

export function clearMatches(): void {
  matchesEnd = MATCHES;
}

// @ts-ignore: decorator
@inline
export function endOfMatches(): usize {
  return matchesEnd;
}

/** Number of bytes of a match in memory. */
export const MATCH_STEP: usize = 8;

/** The symbol of a distance, given as one less than it is (RFC 1951, 3.2.5). */
// @ts-ignore: decorator
@inline
function distanceSymbol(distance: u32): u32 {
  if (distance < 4) return distance;
  const top = 31 - clz<u32>(distance);
  return 2 * top + ((distance >> (top - 1)) & 1);
}

// @ts-ignore: decorator
@inline
export function addMatch(literals: usize, length: usize, distance: usize): void {
  const less = <u32>distance - 1;
  const packed = <u64>literals | (<u64>length << 24) | (<u64>less << 33) | (<u64>distanceSymbol(less) << 48);
  store<u64>(matchesEnd, packed);
  matchesEnd += MATCH_STEP;
}

// @ts-ignore: decorator
@inline
export function literalsOf(match: u64): usize {
  return <usize>(match & 0xffffff);
}

// @ts-ignore: decorator
@inline
export function lengthOf(match: u64): usize {
  return <usize>((match >> 24) & 0x1ff);
}

/** One less than the distance. */
// @ts-ignore: decorator
@inline
export function distanceOf(match: u64): u32 {
  return (<u32>(match >> 33)) & 0x7fff;
}

// @ts-ignore: decorator
@inline
export function distanceSymbolOf(match: u64): u32 {
  return <u32>(match >> 48);
}
