// The hot loop of verification: finds the rows behind VALUES in INSERT statements, hashes and counts them.
// AssemblyScript, built by scripts/build-wasm.ts. values-scanner.ts drives it; values-scanner.test.ts has the readable twin.

import { continueRow, endRow, leaveRowOpen, resetRows, rows, sumHigh, sumLow } from "../../postgres/row-output.as";

const SPACE: i32 = 0x20;
const DOUBLE_QUOTE: i32 = 0x22;
const QUOTE: i32 = 0x27;
const OPEN: i32 = 0x28;
const CLOSE: i32 = 0x29;
const COMMA: i32 = 0x2c;
const BACKSLASH: i32 = 0x5c;
const BACKTICK: i32 = 0x60;

/** Parentheses that are open; a row is everything from the first one to the one that closes it. */
let depth: i32 = 0;
/** The quote that the literal began with; 0 outside of literals. */
let quote: i32 = 0;
let isEscaped: bool = false;
/** Something that is no row follows the rows: ON DUPLICATE KEY UPDATE. */
let isBehindRows: bool = false;
let bytes: u64 = 0;

/** The first address behind the code's own data. */
export function memoryBase(): usize {
  return __heap_base;
}

/** Forgets all rows. */
export function reset(): void {
  resetRows();
  bytes = 0;
}

export function rowCount(): u64 {
  return rows;
}
/** Of all rows, from parenthesis to parenthesis. */
export function byteCount(): u64 {
  return bytes;
}
export function checksumLow(): u64 {
  return sumLow;
}
export function checksumHigh(): u64 {
  return sumHigh;
}
export function isInRow(): bool {
  return depth > 0;
}

/** What comes next stands behind VALUES. */
export function beginStatement(): void {
  if (depth > 0) resetRows();
  depth = 0;
  quote = 0;
  isEscaped = false;
  isBehindRows = false;
}

/** Skips what ends neither the literal nor begins an escape, 16 bytes at a time. */
// @ts-ignore: decorator
@inline
function skipLiteral(at: usize, end: usize): usize {
  const quotes = i8x16.splat(<i8>quote);
  const backslashes = i8x16.splat(<i8>BACKSLASH);
  while (at + 16 <= end) {
    const found = v128.load(at);
    const stops = i8x16.bitmask(v128.or(i8x16.eq(found, quotes), i8x16.eq(found, backslashes)));
    if (stops != 0) return at + ctz(stops);
    at += 16;
  }
  return at;
}

/** Takes the next bytes of a statement. With `hasEscapes`, a backslash in a string passes the byte behind it. */
export function scan(begin: usize, end: usize, hasEscapes: bool): void {
  let at = begin;
  let rowBegan = begin;
  if (depth > 0) continueRow(begin);
  while (at < end) {
    if (quote != 0) {
      if (isEscaped) {
        isEscaped = false;
        at++;
        continue;
      }
      at = skipLiteral(at, end);
      if (at == end) break;
      const byte = <i32>load<u8>(at++);
      if (byte == quote) quote = 0;
      else if (byte == BACKSLASH && hasEscapes && quote != BACKTICK) isEscaped = true;
      continue;
    }
    const byte = <i32>load<u8>(at++);
    if (depth == 0) {
      if (byte == OPEN && !isBehindRows) {
        depth = 1;
        rowBegan = at - 1;
        continueRow(rowBegan);
      } else if (byte > SPACE && byte != COMMA) {
        isBehindRows = true;
      }
      continue;
    }
    if (byte == QUOTE || byte == DOUBLE_QUOTE || byte == BACKTICK) quote = byte;
    else if (byte == OPEN) depth++;
    else if (byte == CLOSE && --depth == 0) {
      bytes += at - rowBegan;
      endRow(at);
    }
  }
  if (depth > 0) {
    bytes += end - rowBegan;
    leaveRowOpen(end);
  }
}
