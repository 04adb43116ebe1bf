import { expect, test } from "vitest";
import { mutants } from "./mutants.ts";
import { runSeed, type Sabotage } from "./run-seed.ts";
import { oneSeed, simulatorSuite } from "./simulator-suite.ts";

async function firstFailure(sabotage: Sabotage): Promise<unknown> {
  for (let seed = 0; seed < 1000; seed++) {
    try {
      await runSeed(seed, sabotage);
    } catch (error) {
      return error;
    }
  }
  return undefined;
}

const wanted = process.env.DBBACKUP_TEST_SEED;
if (wanted !== undefined) oneSeed(Number(wanted));
else {
  simulatorSuite({ first: 0, count: 1000 });

  test("the same seed is the same history", async () => {
    for (let seed = 0; seed < 5; seed++) expect(await runSeed(seed)).toEqual(await runSeed(seed));
  });

  test.each(Object.keys(mutants))("it would be found that %s", async (name) => {
    const found = await firstFailure(mutants[name]!);
    expect(String(found)).toMatch(
      /Error: (half a backup|damaged|not readable as metadata|finished, and gone|on hold, and gone|left in|no key)/,
    );
  });
}
