import { expect, test } from "vitest";
import { runSeed } from "./run-seed.ts";

/** Failing seeds that are told; they mostly fail of one cause. */
const MAX_SHOWN = 20;

/**
 * Runs seeds and tells of those that fail. One of them alone, with all of its calls:
 * `DBBACKUP_TEST_SEED=4711 npx vitest run tests/simulator/simulator.test.ts`
 * @param first the first seed
 */
export function simulatorSuite({ first, count }: { readonly first: number; readonly count: number }): void {
  test(`${count} histories of runs, crashes and failing calls, from seed ${first} on, lose and leave nothing`, async () => {
    const failures: string[] = [];
    let calls = 0;
    for (let seed = first; seed < first + count; seed++) {
      try {
        calls += (await runSeed(seed)).length;
      } catch (error) {
        failures.push(`DBBACKUP_TEST_SEED=${seed}: ${(error as Error).message}`);
      }
    }
    expect(failures.slice(0, MAX_SHOWN), `${failures.length} of ${count} seeds`).toEqual([]);
    // Histories in which nothing happens prove nothing.
    expect(calls).toBeGreaterThan(100 * count);
  });
}

/** Runs one seed, and prints its calls when it fails. */
export function oneSeed(seed: number): void {
  test(`seed ${seed}`, async () => {
    await runSeed(seed).catch((error: Error & { trace?: readonly string[] }) => {
      console.error((error.trace ?? []).join("\n"));
      throw error;
    });
  });
}
