import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { Output } from "./output.ts";

const settings = { json: false, quiet: false, verbose: false, color: false, logFormat: "text" } as const;

test("many lines wait for who reads them slowly, and for nobody who has gone", async () => {
  let most = 0;
  let lines = 0;
  const slow = new Writable({
    highWaterMark: 1000,
    write(piece: Buffer, _, done) {
      most = Math.max(most, this.writableLength);
      lines += piece.toString().split("\n").length - 1;
      setImmediate(done);
    },
  });
  const text = "x".repeat(99);
  await new Output(slow, slow, settings).printEach(Array.from({ length: 20_500 }, () => text));
  await new Promise((resolve) => slow.end(resolve));
  expect(lines).toBe(20_500);
  expect(most).toBeLessThanOrEqual(200_000);
  const gone = new Writable({ highWaterMark: 1000, write: () => undefined });
  setImmediate(() => gone.destroy());
  await new Output(gone, gone, settings).printEach(Array.from({ length: 3000 }, () => text));
  expect(gone.destroyed).toBe(true);
});
