import { availableParallelism } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as zlib from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { mustRun } from "../../../tests/helpers/run-program.ts";
import { BlockStream, COMPRESS_BLOCK_SIZE } from "../block-stream.ts";
import { BufferPool } from "../buffer-pool.ts";
import { DeflateBlocks } from "../deflate-blocks.ts";
import { JobSlots } from "../job-slots.ts";
import { DeflateThreads } from "./deflate-threads.ts";

const JOBS = 4;
const none = Buffer.alloc(0);

const row = (i: number) => `${i}\t${(i * 2_654_435_761) >>> 0}\tsome text of a row\n`;
const rows = Buffer.from(Array.from({ length: 40_000 }, (_, i) => row(i)).join(""));

/** A block that is another for each seed. */
function block(seed: number, length = COMPRESS_BLOCK_SIZE): Buffer {
  return Buffer.from(rows.subarray(seed * 1000, seed * 1000 + length));
}

function startThreads(idleMs?: number): DeflateThreads {
  const threads = new DeflateThreads(JOBS, idleMs);
  onTestFinished(() => threads.end());
  return threads;
}

test("blocks are deflated beside each other by as many threads as there are cores", async () => {
  const threads = startThreads();
  for (let round = 0; round < 3; round++) {
    const blocks = Array.from({ length: JOBS }, (_, i) => block(JOBS * round + i));
    const done = await Promise.all(blocks.map((one) => threads.deflate(none, one)));
    for (const [i, { piece }] of done.entries()) {
      const plain = zlib.inflateRawSync(Buffer.concat([piece, Buffer.from([3, 0])]));
      expect(plain.equals(blocks[i]!)).toBe(true);
    }
  }
  expect(threads.size).toBe(Math.min(JOBS, availableParallelism()));
});

test("a block alone needs no second thread, and gives the same as among others", async () => {
  const threads = startThreads();
  const history = block(1, 32_768);
  const alone = await threads.deflate(history, block(2));
  await threads.deflate(none, block(3));
  expect(threads.size).toBe(1);
  const among = await Promise.all([3, 2, 4, 5].map((seed) => threads.deflate(history, block(seed))));
  expect(among[1]!.piece.equals(alone.piece)).toBe(true);
  expect(among[1]!.adler32).toBe(alone.adler32);
});

test("threads without work are ended, and started again", async () => {
  const threads = startThreads(30);
  await threads.deflate(none, block(1));
  expect(threads.size).toBe(1);
  await expect.poll(() => threads.size).toBe(0);
  await threads.deflate(none, block(2));
  expect(threads.size).toBe(1);
});

test("a thread that ends fails what it works on, and the next block gets another", async () => {
  const threads = startThreads();
  const blocks = [1, 2, 3, 4].map((seed) => block(seed));
  const working = blocks.map((one) => threads.deflate(none, one));
  const [settled] = await Promise.all([Promise.allSettled(working), threads.end()]);
  for (const one of settled) {
    expect(one).toMatchObject({ status: "rejected", reason: { code: "THREAD_LOST" } });
  }
  await expect.poll(() => threads.size).toBe(0);
  expect((await threads.deflate(none, block(1))).piece.length).toBeGreaterThan(1000);
});

test.each(["zlib", "gzip"] as const)(
  "a %s stream whose thread ends fails, and gives its blocks back",
  async (container) => {
    const threads = startThreads();
    let returned = 0;
    const stream = new BlockStream(
      new DeflateBlocks(container, 4, new JobSlots(JOBS), threads),
      new BufferPool(COMPRESS_BLOCK_SIZE, 1),
      async () => {},
      () => returned++,
    );
    let written = 0;
    const writing = (async () => {
      for (let i = 0; i < 40; i++) {
        written++;
        const given = stream.write(block(i));
        // Threads that are done with all they were given are ended without loss: then it is for the next ones.
        if (i >= 12) void turn().then(() => threads.end());
        await given;
      }
      await stream.end();
    })();
    await expect(writing).rejects.toMatchObject({ code: "THREAD_LOST" });
    expect(written).toBeLessThan(40);
    await expect.poll(() => returned).toBe(written);
  },
);

test("a process waits for its threads while they work, and for nothing afterwards", async () => {
  const threadsFile = fileURLToPath(new URL("./deflate-threads.ts", import.meta.url));
  const script = `
    import { DeflateThreads } from ${JSON.stringify(threadsFile)};
    const threads = new DeflateThreads(2, 3_600_000);
    const { piece } = await threads.deflate(Buffer.alloc(0), Buffer.alloc(1e6, "abc"));
    process.stdout.write("deflated " + (piece.length > 0));`;
  const { stdout } = await mustRun(process.execPath, ["--input-type=module", "--eval", script]);
  expect(stdout.toString()).toBe("deflated true");
});
