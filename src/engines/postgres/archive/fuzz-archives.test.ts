import { expect, test } from "vitest";
import { fuzzArchives } from "../../../../tests/helpers/fuzz-archives.ts";

test("20,000 damaged archives are read or refused", { timeout: 120_000 }, async () => {
  await expect(fuzzArchives(20_000, Date.now() % 2 ** 31)).resolves.toBeUndefined();
});
