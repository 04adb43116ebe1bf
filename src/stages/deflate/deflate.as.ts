// Raw deflate (RFC 1951) for blocks of a stream that are compressed beside each other. AssemblyScript, built by
// scripts/build-wasm.ts; driven by deflate-memory.ts. Of the same speed for all data that does not repeat, and about as
// small as zlib's levels 4 to 6 on rows of tables: only matches of at least six bytes are looked for, with one position
// remembered for each hash, and one byte later for a better one.

import { flushOutput, setOutput } from "./bit-writer.as";
import { planBlock, writeBlock } from "./block-plan.as";
import { addMatch, clearMatches } from "./matches.as";

export { adler32 } from "../adler32.as";

/** How far back deflate can refer. */
const FAR_WINDOW: usize = 32768;
/** In rows of numbers what repeats lies near, and the bits that say how far away something lies are most of a match. */
const NEAR_WINDOW: usize = 4096;
const MAX_MATCH: usize = 258;
/** Shorter matches save few bits in rows and are many: with 5 bytes both size and time are larger. */
const MIN_MATCH: usize = 6;
/** A match so long is taken without a look one byte further. */
const GOOD_MATCH: usize = 16;
/** Input for which codes are made: enough to pay for saying them, few enough to follow what the data is like. */
const BLOCK_SIZE: usize = 65536;
/** The start of the input that is tried with both windows. */
const SAMPLE_SIZE: usize = 16384;
/**
 * After so many bytes without a match the search takes larger steps, and again, as what cannot be compressed should pass
 * fast. When the steps are as long it begins anew: of what was remembered by such steps, one in this many bytes is found.
 */
const STEP_AFTER: usize = 16;
/** Positions are read eight bytes at a time. */
const READ_SIZE: usize = 8;

const HASH_BITS: u64 = 15;
const HASH_FACTOR: u64 = 0x9e3779b97f4a7c15;
const UNUSED_BITS: u64 = 64 - 8 * <u64>MIN_MATCH;
const HASH_TABLE_SIZE: usize = 2 << <usize>HASH_BITS;
/**
 * The low 16 bits of the last position with each hash. Which position they mean is known up to multiples of 65,536, and
 * taken to be the one in the window; whether the same bytes are there is looked up in any case.
 */
const HASH_TABLE: usize = memory.data(65536, 64);

let windowStart: usize = 0;
let inputEnd: usize = 0;
/** One less than the window in use, a power of two. */
let windowMask: usize = 0;
/** Where the match that was found last lies. */
let found: usize = 0;

// @ts-ignore: decorator
@inline
function slotOf(bytes: u64): usize {
  return HASH_TABLE + (<usize>(((bytes << UNUSED_BITS) * HASH_FACTOR) >> (64 - HASH_BITS)) << 1);
}

// @ts-ignore: decorator
@inline
function candidate(at: usize, slot: usize, mask: usize): usize {
  const before = at - 1;
  return before - ((before - <usize>load<u16>(slot)) & mask);
}

// @ts-ignore: decorator
@inline
function remember(at: usize): void {
  store<u16>(slotOf(load<u64>(at)), <u16>at);
}

/** The first position from `at` on at which something seems to repeat, or `stop`. In a function alone for its registers. */
function scan(at: usize, stop: usize, mask: usize): usize {
  let step: usize = 1;
  let turn = at + STEP_AFTER;
  while (at < stop) {
    const bytes = load<u64>(at);
    const slot = slotOf(bytes);
    const match = candidate(at, slot, mask);
    store<u16>(slot, <u16>at);
    if ((load<u64>(match) ^ bytes) << UNUSED_BITS == 0) {
      found = match;
      return at;
    }
    at += step;
    if (at >= turn) {
      step = (step & (STEP_AFTER - 1)) + 1;
      turn = at + STEP_AFTER;
    }
  }
  return stop;
}

// @ts-ignore: decorator
@inline
function matchLength(at: usize, match: usize): usize {
  const start = at;
  const limit = min<usize>(at + MAX_MATCH, inputEnd);
  at += MIN_MATCH;
  match += MIN_MATCH;
  while (at + 8 <= limit) {
    const difference = load<u64>(at) ^ load<u64>(match);
    if (difference != 0) return at - start + <usize>(ctz<u64>(difference) >> 3);
    at += 8;
    match += 8;
  }
  while (at < limit && load<u8>(at) == load<u8>(match)) {
    at++;
    match++;
  }
  return at - start;
}

/** Finds the matches from `from` on up to `stop`, which the last one may pass. Answers where it ended. */
function findMatches(from: usize, stop: usize): usize {
  clearMatches();
  const mask = windowMask;
  const lastScan = inputEnd - READ_SIZE;
  const scanStop = min<usize>(stop, lastScan);
  let literals = from;
  let at = from;
  while (at < scanStop) {
    at = scan(at, scanStop, mask);
    if (at >= scanStop) break;
    let match = found;
    // Before the window lies what nobody said, although it may look the same.
    if (match < windowStart) {
      at++;
      continue;
    }
    let length = matchLength(at, match);
    let remembered = at;
    while (length < GOOD_MATCH && remembered + 1 < scanStop) {
      remembered++;
      const bytes = load<u64>(remembered);
      const slot = slotOf(bytes);
      const other = candidate(remembered, slot, mask);
      store<u16>(slot, <u16>remembered);
      if ((load<u64>(other) ^ bytes) << UNUSED_BITS != 0 || other < windowStart) break;
      const otherLength = matchLength(remembered, other);
      if (otherLength <= length) break;
      at = remembered;
      match = other;
      length = otherLength;
    }
    const distance = at - match;
    const end = at + length;
    while (at > literals && match > windowStart && length < MAX_MATCH && load<u8>(at - 1) == load<u8>(match - 1)) {
      at--;
      match--;
      length++;
    }
    addMatch(at - literals, length, distance);
    const rememberStop = min<usize>(end, lastScan);
    while (++remembered < rememberStop) remember(remembered);
    at = end;
    literals = end;
  }
  return max<usize>(at, stop);
}

/** Forgets all and remembers what lies before `at` within the window of `size`. */
function startWindow(at: usize, size: usize): void {
  windowMask = size - 1;
  memory.fill(HASH_TABLE, 0, HASH_TABLE_SIZE);
  const readable = min<usize>(at, inputEnd - READ_SIZE);
  for (let before = max<usize>(windowStart, at - size); before < readable; before++) remember(before);
}

/** How many bits the sample takes with a window of `size`. */
function sizeWithWindow(from: usize, size: usize): u64 {
  startWindow(from, size);
  const stop = findMatches(from, from + SAMPLE_SIZE);
  return planBlock(from, stop);
}

/**
 * Compresses `length` bytes at `from`, before which `history` bytes (at most 32,768) of the stream lie. Ends at a byte
 * border with an empty stored block, so that what follows can be put behind it. At `to` there must be room for the input and
 * 1/256 of it and 64 bytes more. Below `from`, 32,768 bytes must be readable. Answers the size.
 */
export function deflate(history: usize, from: usize, length: usize, to: usize): usize {
  windowStart = from - history;
  inputEnd = from + length;
  setOutput(to, 0, 0);
  if (length >= READ_SIZE) {
    let window = FAR_WINDOW;
    if (length >= SAMPLE_SIZE && history >= FAR_WINDOW) {
      const far = sizeWithWindow(from, FAR_WINDOW);
      if (sizeWithWindow(from, NEAR_WINDOW) < far) window = NEAR_WINDOW;
    }
    startWindow(from, window);
  }
  let at = from;
  while (at < inputEnd) {
    clearMatches();
    const rest = inputEnd - at;
    const stop = rest > BLOCK_SIZE ? at + BLOCK_SIZE : inputEnd;
    const end = length >= READ_SIZE ? findMatches(at, stop) : inputEnd;
    planBlock(at, end);
    writeBlock(at, end);
    at = end;
  }
  return flushOutput() - to;
}

/** The first address behind the code's own data. */
export function memoryBase(): usize {
  return __heap_base;
}
