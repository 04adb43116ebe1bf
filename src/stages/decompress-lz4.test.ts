import fc from "fast-check";
import { expect, test } from "vitest";
import { decompressLz4 } from "./decompress-lz4.ts";

/** What the program `lz4` 1.9.4 makes of the sample; `/{n}` stands for n slashes. */
const made: Readonly<Record<string, string>> = {
  "-B4 -BD":
    "BCJNGERAXoQBAADxBmxpbmUgMCBvZiB0aGUgc2FtcGxlChUAHzEVAAEfMhUAAR8zFQABHzQVAAEfNRUAAR82FQABHzcVAAEfOBUA" +
    "AR85FQABHzHTAAMP1AACHzHVAAIfMdYAAh8x1wACHzHYAAIPgwADD64AAQ+BAAIPgAACD38AAg9+AAIPVgH/{339}8OUApsaW5lC" +
    "gEAAA8q/{343}oUGxlCmxpDAEAAP8KbmUgNCBvZiB0aGUgc2FtcGxlCmxpbmUgNRUAAR82FQABHzcVAAEfOBUAAR85FQABLzEwFg" +
    "ACHzEWAAIfMhYAAh8zFgACD9cAAh8x2AACD4MAAw9WAAEPgQACD4AAAg9/AAIPfgACD1YB/{206}dQbXBsZQoAAAAApxFzoQ==",
  "-B4 -BX --content-size":
    "BCJNGHxA+JsCAAAAAADshAEAAPEGbGluZSAwIG9mIHRoZSBzYW1wbGUKFQAfMRUAAR8yFQABHzMVAAEfNBUAAR81FQABHzYVAAEf" +
    "NxUAAR84FQABHzkVAAEfMdMAAw/UAAIfMdUAAh8x1gACHzHXAAIfMdgAAg+DAAMPrgABD4EAAg+AAAIPfwACD34AAg9WAf/{339}" +
    "w5QCmxpbmXzM4lrZwEAAP8KIDEwIG9mIHRoZSBzYW1wbGUKbGluZSAxMRYAAh8yFgACHzMWAAIfNBYAAh81FgABD4MAAw8qAAEPg" +
    "QACD4AAAg9/AAIPfgACHzZpAAEfNxUAAR84FQABHzkVAAEPVgH/{339}+QUGxlCmxpZr5RZAwBAAD/Cm5lIDQgb2YgdGhlIHNhbX" +
    "BsZQpsaW5lIDUVAAEfNhUAAR83FQABHzgVAAEfORUAAS8xMBYAAh8xFgACHzIWAAIfMxYAAg/XAAIfMdgAAg+DAAMPVgABD4EAAg" +
    "+AAAIPfwACD34AAg9WAf/{205}3UG1wbGUKJ09WnAAAAACnEXOh",
  "-B7 --no-frame-crc":
    "BCJNGGBQ+yEDAADxBmxpbmUgMCBvZiB0aGUgc2FtcGxlChUAHzEVAAEfMhUAAR8zFQABHzQVAAEfNRUAAR82FQABHzcVAAEfOBUA" +
    "AR85FQABHzHTAAMP1AACHzHVAAIfMdYAAh8x1wACHzHYAAIPgwADD64AAQ+BAAIPgAACD38AAg9+AAIPVgH/{890}6NQbXBsZQoA" +
    "AAAA",
};

const sample = Buffer.from(Array.from({ length: 8000 }, (_, i) => `line ${i % 16} of the sample\n`).join(""));

function stored(name: string): Buffer {
  return Buffer.from(
    made[name]!.replace(/\/\{(\d+)\}/g, (_, count) => "/".repeat(Number(count))),
    "base64",
  );
}

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function plain(bytes: Buffer, size = 65_536): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of decompressLz4(cut(bytes, size))) pieces.push(piece);
  return Buffer.concat(pieces);
}

const damaged = expect.objectContaining({ code: "DAMAGED" });
const skippable = Buffer.from("5a2a4d1803000000616263", "hex");

test.each(Object.keys(made))("frames of the program lz4 are read: %s", async (name) => {
  for (const size of [1, 7, 1000, 65_536]) expect((await plain(stored(name), size)).equals(sample)).toBe(true);
});

test("joined frames and skippable frames are read", async () => {
  const parts = Object.keys(made).flatMap((name) => [skippable, stored(name), skippable]);
  const expected = Buffer.concat(Object.keys(made).map(() => sample));
  expect((await plain(Buffer.concat(parts), 333)).equals(expected)).toBe(true);
});

test("a stream cut anywhere is damaged", async () => {
  const bytes = stored("-B4 -BX --content-size");
  for (let end = 0; end < bytes.length; end += end < 40 || end > bytes.length - 40 ? 1 : 53) {
    await expect(plain(bytes.subarray(0, end)), `cut at ${end}`).rejects.toEqual(damaged);
  }
});

test("a flipped bit anywhere is damage when all checksums are there", async () => {
  const original = stored("-B4 -BX --content-size");
  for (let at = 0; at < original.length; at++) {
    const bytes = Buffer.from(original);
    bytes[at]! ^= 1 << (at % 8);
    await expect(plain(bytes), `byte ${at}`).rejects.toEqual(damaged);
  }
});

test("without checksums, flipped bits give damage or other bytes, and never more than a block holds", async () => {
  const original = stored("-B7 --no-frame-crc");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(original.length - 20), fc.nat(255)), { minLength: 1, maxLength: 20 }),
      async (changes) => {
        const bytes = Buffer.from(original);
        for (const [at, value] of changes) bytes[at + 15] = value;
        const result = await plain(bytes).catch((error: unknown) => error);
        if (Buffer.isBuffer(result)) expect(result.length).toBeLessThanOrEqual(4 * 1024 * 1024);
        else expect(result).toEqual(damaged);
      },
    ),
    { numRuns: 300 },
  );
});

test.each([
  ["garbage behind a frame", Buffer.concat([stored("-B4 -BD"), Buffer.from("garbage")]), "goes on after its end"],
  ["other bytes", Buffer.from("not a frame"), "does not begin as one"],
  ["a frame for which a dictionary is needed", Buffer.from("04224d1861400000000000", "hex"), "needs a dictionary"],
  ["a block above the largest size", headed("4040", "01000100"), "too large"],
  ["a reserved flag", headed("4240", ""), "is damaged"],
])("%s: refused", async (_, bytes, what) => {
  await expect(plain(bytes)).rejects.toMatchObject({ code: "DAMAGED", message: expect.stringContaining(what) });
});

/** A frame with this descriptor and body. Only descriptors whose header checksum is known here. */
function headed(descriptor: string, body: string): Buffer {
  const checksums: Record<string, string> = { "4040": "c0", "4240": "00" };
  return Buffer.from(`04224d18${descriptor}${checksums[descriptor]}${body}`, "hex");
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield stored("-B4 -BD").subarray(0, 500);
  throw new Error("lost the disk");
}

test("a source that fails passes its error on, and a reader that stops ends the source", async () => {
  const reading = (async () => {
    for await (const piece of decompressLz4(failing())) expect(piece.length).toBeGreaterThan(0);
  })();
  await expect(reading).rejects.toThrow("lost the disk");

  let ended = false;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield stored("-B4 -BD");
    } finally {
      ended = true;
    }
  }
  for await (const piece of decompressLz4(watched())) {
    expect(piece.length).toBeGreaterThan(0);
    break;
  }
  expect(ended).toBe(true);
});
