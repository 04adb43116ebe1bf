import { expect, test } from "vitest";
import { dataFileName, dataOf } from "../../directory/directory-index.ts";
import { type LoadJob, LoadQueue } from "./load-queue.ts";

function table(name: string, bytes: readonly number[], indexes: readonly string[] = []) {
  const chunks = bytes.map((size, place) => ({
    file: dataFileName(1, place + 1, "none"),
    rows: 1,
    bytes: size,
    stored_bytes: size,
    sha256: "0".repeat(64),
    checksum: "0".repeat(32),
  }));
  return { name, indexes, isMadeHere: true, data: dataOf([{ name: "a" }], chunks) };
}

const shown = (job: LoadJob | undefined): string | undefined =>
  job === undefined
    ? undefined
    : job.kind === "chunk"
      ? `${job.table.name} ${job.chunk.bytes}`
      : `indexes of ${job.table.name}`;

test("the largest come first, spread over tables, and indexes behind the last chunk", () => {
  const queue = new LoadQueue([
    table("small", [1]),
    table("large", [50, 49, 48], ["ALTER"]),
    table("middle", [60], ["ALTER"]),
  ]);
  const jobs = [queue.begin(), queue.begin(), queue.begin(), queue.begin(), queue.begin(), queue.begin()];
  expect(jobs.map(shown)).toEqual(["large 50", "middle 60", "large 49", "large 48", "small 1", undefined]);
  expect(queue.isDone).toBe(false);
  queue.end(jobs[0]!);
  queue.end(jobs[1]!);
  const middle = queue.begin();
  expect(shown(middle)).toBe("indexes of middle");
  for (const at of [2, 3, 4]) queue.end(jobs[at]!);
  const large = queue.begin();
  expect(shown(large)).toBe("indexes of large");
  expect(queue.isDone).toBe(false);
  queue.end(middle!);
  queue.end(large!);
  expect(queue.isDone).toBe(true);
  expect(queue.begin()).toBeUndefined();
});

test("tables without rows get their indexes, and nothing begins after a stop", () => {
  const queue = new LoadQueue([table("empty", [], ["ALTER"]), table("bare", []), table("other", [3])]);
  expect(shown(queue.begin())).toBe("other 3");
  expect(shown(queue.begin())).toBe("indexes of empty");
  queue.stop();
  expect(queue.isDone).toBe(true);
  expect(queue.begin()).toBeUndefined();
});
