import { describe, expect, test } from "vitest";
import { ScriptParts } from "./script-parts.ts";

const table = (count: number) => ({
  ranges: {
    count,
    condition: (index: number) => `${index}`,
    between: (index: number, end: number) => `${index}-${end}`,
  },
});
const sampled = { ranges: { count: 3, condition: (index: number) => `${index}` } };

function taken(parts: ScriptParts<ReturnType<typeof table> | typeof sampled>): string[] {
  const found: string[] = [];
  for (let part = parts.take(); part !== undefined; part = parts.take()) {
    found.push(`${part.place}: ${part.index}-${part.end}`);
  }
  return found;
}

describe("parts of a script", () => {
  test("whoever is alone reads many ranges at a time, none of two tables", async () => {
    const parts = new ScriptParts([table(40), sampled, table(1), table(2)], { isLong: () => false });
    expect(taken(parts)).toEqual(["0: 0-1", "1: 1-33", "2: 33-40", "3: 0-1", "4: 1-2", "5: 2-3", "6: 0-1", "7: 0-2"]);
    await parts.untilShared();
  });

  test("others share the rest range by range as soon as servers are waited for", async () => {
    const answers = [false, true];
    const parts = new ScriptParts([table(36)], { isLong: () => answers.shift()! });
    const shared = parts.untilShared().then(() => "shared");
    const soon = () => Promise.race([shared, new Promise((resolve) => setImmediate(resolve, "alone"))]);
    expect([parts.take()?.end, parts.take()?.end, await soon()]).toEqual([1, 33, "alone"]);
    expect([parts.take()?.end, await soon()]).toEqual([34, "shared"]);
    expect(taken(parts)).toEqual(["3: 34-35", "4: 35-36"]);
  });

  test("nothing is handed out after a failure, and nobody waits", async () => {
    const parts = new ScriptParts([table(36)], { isLong: () => false });
    parts.take();
    parts.stop();
    expect(parts.take()).toBeUndefined();
    await parts.untilShared();
  });
});
