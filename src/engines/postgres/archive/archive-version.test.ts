import { expect, test } from "vitest";
import { chooseArchiveVersion } from "./archive-version.ts";

const gzip = { method: "gzip", level: 4 } as const;
const zstd = { method: "zstd", level: 3 } as const;
const lz4 = { method: "lz4", level: 1 } as const;

test("the archive version follows the server's major version", () => {
  expect([10, 15, 16, 17, 18].map((major) => chooseArchiveVersion(major, gzip))).toEqual([
    { minor: 14 },
    { minor: 14 },
    { minor: 15 },
    { minor: 16 },
    { minor: 16 },
  ]);
});

test("zstd and lz4 raise 1.14 to 1.15, and say so", () => {
  for (const compression of [zstd, lz4]) {
    const choice = chooseArchiveVersion(13, compression);
    expect(choice.minor).toBe(15);
    expect(choice.note).toContain("pg_restore 16 or newer");
  }
  expect(chooseArchiveVersion(17, zstd)).toEqual({ minor: 16 });
});

test("a wish is honoured or refused, never ignored", () => {
  expect(chooseArchiveVersion(18, gzip, "1.14")).toEqual({ minor: 14 });
  expect(chooseArchiveVersion(10, zstd, "1.16")).toEqual({ minor: 16 });
  expect(() => chooseArchiveVersion(18, zstd, "1.14")).toThrow('archive version "1.14" cannot hold zstd');
  expect(() => chooseArchiveVersion(18, gzip, "1.13")).toThrow('archive version "1.13" cannot be written');
});
