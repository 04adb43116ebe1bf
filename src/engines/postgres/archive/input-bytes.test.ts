import { expect, test } from "vitest";
import type { OpenedObject } from "../../../ports/storage.ts";
import { ObjectInput } from "./input-bytes.ts";

const KIB = 1024;
const CONTENT = Buffer.from(Array.from({ length: 3000 * KIB }, (_, at) => (at * 7 + (at >> 8)) & 0xff));

/** An input that notes how much each read asks for. */
function watched(position = 0, expected = 0): { readonly input: ObjectInput; readonly reads: readonly number[] } {
  const reads: number[] = [];
  const object: Pick<OpenedObject, "size" | "readAt"> = {
    size: CONTENT.length,
    readAt: async (from, target) => {
      reads.push(target.length);
      return CONTENT.copy(target, 0, from, from + target.length);
    },
  };
  return { input: new ObjectInput(object as OpenedObject, position, expected), reads };
}

/** Looks at 100 bytes every `step` bytes. */
async function walk(input: ObjectInput, step: number): Promise<void> {
  while (input.position < CONTENT.length) {
    const { position } = input;
    const bytes = await input.peek(100);
    expect(bytes.subarray(0, 100).equals(CONTENT.subarray(position, position + 100))).toBe(true);
    input.advance(100);
    await input.skip(step - 100);
  }
}

test("what lies closely together is read in few reads, what lies far apart in small ones", async () => {
  const close = watched();
  await walk(close.input, 10 * KIB);
  expect(close.reads.length).toBeLessThan(30);
  const far = watched();
  await walk(far.input, 300 * KIB);
  expect(far.reads).toEqual(Array.from({ length: 10 }, () => 4 * KIB));
});

test("as much is read at once as is expected, but never very much", async () => {
  const block = watched(5000, 30 * KIB);
  expect((await block.input.peek(1)).equals(CONTENT.subarray(5000, 5000 + 30 * KIB))).toBe(true);
  expect(block.reads).toEqual([30 * KIB]);
  const large = watched(0, CONTENT.length);
  await large.input.peek(1);
  expect(large.reads).toEqual([256 * KIB]);
});

test("more than was read is shown behind what is left, in one piece", async () => {
  const { input } = watched();
  await input.peek(1);
  for (const [passed, count] of [
    [4000, 5000],
    [4990, 300 * KIB],
    [100 * KIB, 256 * KIB],
  ] as const) {
    input.advance(passed);
    const { position } = input;
    const bytes = await input.peek(count);
    expect(bytes.length).toBeGreaterThanOrEqual(count);
    expect(bytes.equals(CONTENT.subarray(position, position + bytes.length))).toBe(true);
    expect(input.buffered.equals(bytes)).toBe(true);
  }
});
