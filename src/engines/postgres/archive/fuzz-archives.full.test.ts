import { expect, test } from "vitest";
import { fuzzArchives } from "../../../../tests/helpers/fuzz-archives.ts";

test("a million damaged archives are read or refused", { timeout: 1_200_000 }, async () => {
  await expect(fuzzArchives(1_000_000, Date.now() % 2 ** 31)).resolves.toBeUndefined();
});
