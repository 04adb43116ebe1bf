// Prefix codes of limited length out of frequencies, as deflate numbers them (RFC 1951, 3.2.2).

const FREQUENCY_LIMIT: u32 = 0xffff;
const SYMBOL_BITS: u32 = 9;
const SYMBOL_MASK: u32 = 511;
/** What is sorted, by turns here and there: the frequency of a symbol above its number. */
const SORTED: usize = memory.data(4 * 288, 64);
const WORK: usize = memory.data(4 * 288, 64);
/** Counts of digits while sorting, of lengths afterwards. */
const COUNTS: usize = memory.data(4 * 256, 64);

// @ts-ignore: decorator
@inline
function at(array: usize, index: usize): usize {
  return array + (index << 2);
}

/** Sorts by one byte of the frequency. */
function sortByDigit(from: usize, to: usize, count: usize, shift: u32): void {
  memory.fill(COUNTS, 0, 4 * 256);
  for (let i: usize = 0; i < count; i++) {
    const counter = at(COUNTS, <usize>((load<u32>(at(from, i)) >> shift) & 255));
    store<u32>(counter, load<u32>(counter) + 1);
  }
  let before: u32 = 0;
  for (let digit: usize = 0; digit < 256; digit++) {
    const own = load<u32>(at(COUNTS, digit));
    store<u32>(at(COUNTS, digit), before);
    before += own;
  }
  for (let i: usize = 0; i < count; i++) {
    const value = load<u32>(at(from, i));
    const counter = at(COUNTS, <usize>((value >> shift) & 255));
    const place = load<u32>(counter);
    store<u32>(counter, place + 1);
    store<u32>(at(to, <usize>place), value);
  }
}

/** Puts the used symbols into SORTED, the rarest first, and sets the lengths of all to 0. Answers how many are used. */
function sortSymbols(frequencies: usize, count: usize, lengths: usize): usize {
  let used: usize = 0;
  for (let symbol: usize = 0; symbol < count; symbol++) {
    store<u8>(lengths + symbol, 0);
    const frequency = load<u32>(at(frequencies, symbol));
    if (frequency == 0) continue;
    store<u32>(at(SORTED, used++), (min<u32>(frequency, FREQUENCY_LIMIT) << SYMBOL_BITS) | <u32>symbol);
  }
  sortByDigit(SORTED, WORK, used, SYMBOL_BITS);
  sortByDigit(WORK, SORTED, used, SYMBOL_BITS + 8);
  return used;
}

/**
 * Replaces the sorted frequencies in WORK by the lengths of an optimal code, in place (Moffat and Katajainen 1995): pairs
 * of the two rarest, then depths from the root down, then how many leaves each depth has.
 */
function optimalLengths(used: usize): void {
  let root: usize = 0;
  let leaf: usize = 0;
  for (let next: usize = 0; next < used - 1; next++) {
    let sum: u32 = 0;
    for (let half = 0; half < 2; half++) {
      if (leaf < used && (root >= next || load<u32>(at(WORK, leaf)) <= load<u32>(at(WORK, root)))) {
        sum += load<u32>(at(WORK, leaf++));
      } else {
        sum += load<u32>(at(WORK, root));
        store<u32>(at(WORK, root++), <u32>next);
      }
    }
    store<u32>(at(WORK, next), sum);
  }
  store<u32>(at(WORK, used - 2), 0);
  for (let i: isize = <isize>used - 3; i >= 0; i--) {
    const parent = load<u32>(at(WORK, <usize>i));
    store<u32>(at(WORK, <usize>i), load<u32>(at(WORK, <usize>parent)) + 1);
  }
  let available: isize = 1;
  let depth: u32 = 0;
  let inner: isize = <isize>used - 2;
  let next: isize = <isize>used - 1;
  while (available > 0) {
    let innerHere: isize = 0;
    while (inner >= 0 && load<u32>(at(WORK, <usize>inner)) == depth) {
      innerHere++;
      inner--;
    }
    for (; available > innerHere; available--, next--) store<u32>(at(WORK, <usize>next), depth);
    available = 2 * innerHere;
    depth++;
  }
}

/** Counts the lengths in WORK, none above `limit`, and moves leaves until they are those of a full tree again. */
function limitLengths(used: usize, limit: u32): void {
  memory.fill(COUNTS, 0, 4 * 16);
  let total: u32 = 0;
  for (let i: usize = 0; i < used; i++) {
    const length = min<u32>(load<u32>(at(WORK, i)), limit);
    const counter = at(COUNTS, <usize>length);
    store<u32>(counter, load<u32>(counter) + 1);
    total += 1 << (limit - length);
  }
  for (; total > 1 << limit; total--) {
    const longest = at(COUNTS, <usize>limit);
    store<u32>(longest, load<u32>(longest) - 1);
    let shorter = at(COUNTS, <usize>limit - 1);
    while (load<u32>(shorter) == 0) shorter -= 4;
    store<u32>(shorter, load<u32>(shorter) - 1);
    store<u32>(shorter, load<u32>(shorter, 4) + 2, 4);
  }
}

/**
 * Sets the length in bits, as a byte, of each of `count` symbols: 0 when its frequency is 0, `limit` at most. A code of one
 * symbol has one bit.
 */
export function makeLengths(frequencies: usize, count: usize, limit: u32, lengths: usize): void {
  const used = sortSymbols(frequencies, count, lengths);
  if (used < 2) {
    if (used == 1) store<u8>(lengths + <usize>(load<u32>(SORTED) & SYMBOL_MASK), 1);
    return;
  }
  for (let i: usize = 0; i < used; i++) store<u32>(at(WORK, i), load<u32>(at(SORTED, i)) >> SYMBOL_BITS);
  optimalLengths(used);
  limitLengths(used, limit);
  let rarest: usize = 0;
  for (let length = limit; length > 0; length--) {
    for (let left = load<u32>(at(COUNTS, <usize>length)); left > 0; left--) {
      store<u8>(lengths + <usize>(load<u32>(at(SORTED, rarest++)) & SYMBOL_MASK), <u8>length);
    }
  }
}

function reversed(code: u32, length: u32): u32 {
  code = ((code & 0x5555) << 1) | ((code >> 1) & 0x5555);
  code = ((code & 0x3333) << 2) | ((code >> 2) & 0x3333);
  code = ((code & 0x0f0f) << 4) | ((code >> 4) & 0x0f0f);
  code = ((code & 0x00ff) << 8) | (code >> 8);
  return code >> (16 - length);
}

/** Sets the code of each symbol as it is written, its bits above its length in the low byte; 0 for symbols without. */
export function makeCodes(lengths: usize, count: usize, codes: usize): void {
  memory.fill(COUNTS, 0, 4 * 16);
  for (let symbol: usize = 0; symbol < count; symbol++) {
    const counter = at(COUNTS, <usize>load<u8>(lengths + symbol));
    store<u32>(counter, load<u32>(counter) + 1);
  }
  let code: u32 = 0;
  for (let length: usize = 1; length < 16; length++) {
    const own = load<u32>(at(COUNTS, length));
    store<u32>(at(COUNTS, length), code);
    code = (code + own) << 1;
  }
  for (let symbol: usize = 0; symbol < count; symbol++) {
    const length = <u32>load<u8>(lengths + symbol);
    if (length == 0) {
      store<u32>(at(codes, symbol), 0);
      continue;
    }
    const counter = at(COUNTS, <usize>length);
    const own = load<u32>(counter);
    store<u32>(counter, own + 1);
    store<u32>(at(codes, symbol), (reversed(own, length) << 8) | length);
  }
}
