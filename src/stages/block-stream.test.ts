import { expect, test } from "vitest";
import type { Compression } from "../core/compression.ts";
import { createCodec, slotsFor } from "./codec.ts";
import { JobSlots } from "./job-slots.ts";

const MIB = 1024 * 1024;
const gzip: Compression = { method: "gzip", level: 1 };

function block(seed: number): Buffer {
  return Buffer.alloc(MIB, `row ${seed} of the table\n`);
}

test("no more jobs run than there are slots, and a job that fails gives its slot back", async () => {
  const slots = new JobSlots(2);
  let running = 0;
  let most = 0;
  const job = async (number: number) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
    if (number % 3 === 0) throw new Error(`job ${number}`);
    return number;
  };
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => slots.run(() => job(i))));
  expect(most).toBe(2);
  expect(results.filter((result) => result.status === "fulfilled").length).toBe(13);
  await expect(slots.run(() => job(1))).resolves.toBe(1);
});

test("a stream whose output waits does not hold up the others", async () => {
  const codec = createCodec();
  const gate = Promise.withResolvers<void>();
  const stuck = Array.from({ length: 6 }, () =>
    codec.open({ compression: gzip, container: "zlib", output: () => gate.promise }),
  );
  const stuckWrites = stuck.map(async (stream) => {
    for (let i = 0; i < 10; i++) await stream.write(block(i));
    await stream.end();
  });
  let size = 0;
  const free = codec.open({
    compression: gzip,
    container: "zlib",
    output: async (piece) => {
      size += piece.length;
    },
  });
  for (let i = 0; i < 10; i++) await free.write(block(i));
  await free.end();
  expect(size).toBeGreaterThan(1000);
  gate.resolve();
  await Promise.all(stuckWrites);
});

test("a stream takes few blocks while its output waits", async () => {
  const codec = createCodec();
  const gate = Promise.withResolvers<void>();
  const stream = codec.open({ compression: gzip, container: "zlib", output: () => gate.promise });
  let taken = 0;
  const writing = (async () => {
    for (let i = 0; i < 20; i++) {
      await stream.write(block(i));
      taken++;
    }
    await stream.end();
  })();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(taken).toBeLessThan(4);
  gate.resolve();
  await writing;
  expect(taken).toBe(20);
});

test("a failed output fails the stream, gives all blocks back, and leaves the codec usable", async () => {
  const codec = createCodec();
  const full = new Error("disk full");
  let returned = 0;
  let outputs = 0;
  for (let round = 0; round < 3; round++) {
    returned = 0;
    outputs = 0;
    const stream = codec.open({
      compression: gzip,
      container: "zlib",
      output: async () => {
        if (++outputs === 2) throw full;
      },
      recycle: () => returned++,
    });
    let written = 0;
    const writing = (async () => {
      for (let i = 0; i < 20; i++) {
        written++;
        await stream.write(block(i));
      }
      await stream.end();
    })();
    await expect(writing).rejects.toBe(full);
    await expect(stream.end()).rejects.toBe(full);
    await expect.poll(() => returned).toBe(written);
    expect(outputs).toBe(2);
  }
});

test("pieces never overlap at the output", async () => {
  const codec = createCodec();
  let inside = 0;
  const stream = codec.open({
    compression: { method: "zstd", level: 1 },
    container: "zlib",
    output: async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inside--;
    },
  });
  for (let i = 0; i < 8; i++) await stream.write(block(i));
  await stream.end();
});

test.each([
  [1, 2, 4],
  [2, 64, 4],
  [4, 6, 6],
  [8, 64, 16],
  [100, 128, 16],
])("%i sessions on %i processors: %i blocks are compressed at once", (jobs, processors, slots) => {
  expect(slotsFor(jobs, processors)).toBe(slots);
});
