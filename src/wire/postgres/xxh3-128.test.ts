import { describe, expect, test } from "vitest";
import { RowScanner } from "./row-scanner.ts";
import { xxh3Of128 } from "./xxh3-128-reference.ts";

/** Answers of `xxhsum -H2` 0.8.1 for `sample(length)`: every length class, and both sides of its borders. */
const vectors: readonly (readonly [length: number, hash: string])[] = [
  [0, "99aa06d3014798d86001c324468d497f"],
  [1, "4f4a9030b7abd431fc1537fc103cb7cf"],
  [2, "d3c03717d71393ab429c9aa1d280f8e7"],
  [3, "198563c4388b5ae055f3c28b0f2f33ff"],
  [4, "3732a19578880e919184e6b502fe0ab0"],
  [5, "96721369e6d7ace175b574a453a5f485"],
  [8, "f61603b2d1a8ee4fe69d138bfb1c85d4"],
  [9, "6aaea115d106e3142896901f0bfbc38d"],
  [16, "9ea74c0137e3b0f6b0933b2e0774ef8f"],
  [17, "92bec084d8d0032014d89fd23002d055"],
  [32, "f6845ceb81c432fa68b6ffcdd99d9409"],
  [33, "ea004dd8beb412455f76245f12fcee89"],
  [64, "5f7cbf05595ea890d9c7a36e0479e494"],
  [65, "3e32049ae3a10f929bbb75fd89124803"],
  [96, "87b6db190e84971c88fb34ac5137f2ad"],
  [97, "96d767f59493a6a295cf2c7bee4e5975"],
  [128, "dd29cfb192cb95c807ea4434ba6628b9"],
  [129, "724d9b908db63f7f89c03a06b7231092"],
  [160, "e68d352a4c2522b964cf681fc5213777"],
  [161, "450084ed4810861b2aaa68feb88020dd"],
  [240, "6241ccf2e29689819901f4e2ac56e8f3"],
  [241, "10a30f9e65aee224f89b3e97e8ead5bc"],
  [256, "40a1d83fc1a5359279908986a9f5c009"],
  [512, "da91df202cd68f339ed4fd669ae549d0"],
  [513, "e081ddfe056f6f2990bc5d7835131118"],
  [1024, "c256057570afd9ef6093f34a12ba5f82"],
  [1025, "ab0595d69762d7b86d03e7c4864af1f4"],
  [1088, "e7efd19706dc83f6aefeb30f3e2e1017"],
  [1089, "ec71b674ffa2b7fe8b3e2c9217ee6026"],
  [2048, "7dbd62f3325ee058f23fd9488e0616ee"],
  [2049, "65470e02194f301571a0918be85777ee"],
  [65_536, "bfd4eae3fda3bd4815677160360b2c96"],
  [1_048_577, "3108f248f50669fe0db310b980a31b03"],
];

/** Printable, so that it is one row: byte i is 32 + 7i modulo 95. */
function sample(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = 32 + ((7 * i) % 95);
  return bytes;
}

const lineFeed = Buffer.from("\n");

describe.each(vectors)("XXH3-128 of %d bytes", (length, hash) => {
  const bytes = sample(length);

  test("the reference gives what xxhsum gives", () => {
    expect(xxh3Of128(bytes).toString(16).padStart(32, "0")).toBe(hash);
  });

  test("the scanner gives it for a row in one piece", () => {
    const scanner = new RowScanner();
    scanner.push(Buffer.concat([bytes, lineFeed]));
    expect(scanner.finish().checksum).toBe(hash);
  });

  test("the scanner gives it for a row in pieces", () => {
    const scanner = new RowScanner();
    for (const size of [1, 63, 64, 65, 1023, 1024, 1025, 70_000]) {
      if (length / size > 20_000) continue;
      scanner.reset();
      for (let at = 0; at < length; at += size) scanner.push(bytes.subarray(at, at + size));
      scanner.push(lineFeed);
      expect(scanner.finish().checksum).toBe(hash);
    }
  });
});
