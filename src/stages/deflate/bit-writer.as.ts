// Where the bits go: least significant first (RFC 1951, 3.1.1).

/** The longest stored block. */
const MOST_STORED: usize = 65535;

let output: usize = 0;
let pending: u64 = 0;
let pendingBits: u32 = 0;

// @ts-ignore: decorator
@inline
export function outputAt(): usize {
  return output;
}

// @ts-ignore: decorator
@inline
export function pendingAt(): u64 {
  return pending;
}

// @ts-ignore: decorator
@inline
export function pendingBitsAt(): u32 {
  return pendingBits;
}

export function setOutput(at: usize, bits: u64, count: u32): void {
  output = at;
  pending = bits;
  pendingBits = count;
}

/** Writes up to 56 bits. At most 7 stay pending. */
export function putBits(bits: u64, count: u32): void {
  pending |= bits << pendingBits;
  pendingBits += count;
  store<u64>(output, pending);
  output += <usize>(pendingBits >> 3);
  pending >>= <u64>(pendingBits & ~7);
  pendingBits &= 7;
}

/** Writes a code that makeCodes made. */
export function putCode(code: u32): void {
  putBits(<u64>(code >> 8), code & 255);
}

/** Writes the header of a stored block up to its byte border, and its length. */
function putStoredHeader(length: usize): void {
  putBits(0, 3);
  if (pendingBits > 0) putBits(0, 8 - pendingBits);
  store<u16>(output, <u16>length);
  store<u16>(output, <u16>~length, 2);
  output += 4;
}

/** How many bits `length` stored bytes take, at most. */
export function storedSize(length: usize): u64 {
  return 8 * <u64>(length + 5 * ((length + MOST_STORED - 1) / MOST_STORED) + 1);
}

export function putStored(from: usize, length: usize): void {
  while (length > 0) {
    const part = min<usize>(length, MOST_STORED);
    putStoredHeader(part);
    memory.copy(output, from, part);
    output += part;
    from += part;
    length -= part;
  }
}

/** Goes on to a byte border with an empty stored block. Answers where the output ends. */
export function flushOutput(): usize {
  putStoredHeader(0);
  return output;
}
