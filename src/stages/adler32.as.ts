// Adler-32 (RFC 1950), part of the modules that need it.

const ADLER_MODULUS: u32 = 65521;
/** As many bytes as can be summed before 32 bits overflow, cut to whole steps of 16. */
const ADLER_RUN: usize = 5552;

/** Continues the Adler-32 `checksum` (1 at the start of a stream) over `length` bytes. */
export function adler32(checksum: u32, at: usize, length: usize): u32 {
  let a = checksum & 0xffff;
  let b = checksum >>> 16;
  const weightsLow = i16x8(16, 15, 14, 13, 12, 11, 10, 9);
  const weightsHigh = i16x8(8, 7, 6, 5, 4, 3, 2, 1);
  while (length >= 16) {
    const run = length < ADLER_RUN ? length & ~15 : ADLER_RUN;
    const stop = at + run;
    let sums = i32x4.splat(0);
    let sumsBefore = i32x4.splat(0);
    let weighted = i32x4.splat(0);
    while (at < stop) {
      const bytes = v128.load(at);
      sumsBefore = i32x4.add(sumsBefore, sums);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes)));
      weighted = i32x4.add(
        weighted,
        i32x4.add(
          i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(bytes), weightsLow),
          i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(bytes), weightsHigh),
        ),
      );
      at += 16;
    }
    b = (b + a * (<u32>run) + 16 * sumOfLanes(sumsBefore) + sumOfLanes(weighted)) % ADLER_MODULUS;
    a = (a + sumOfLanes(sums)) % ADLER_MODULUS;
    length -= run;
  }
  while (length > 0) {
    a += load<u8>(at++);
    b += a;
    length--;
  }
  return ((b % ADLER_MODULUS) << 16) | (a % ADLER_MODULUS);
}

function sumOfLanes(lanes: v128): u32 {
  return (
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  );
}
