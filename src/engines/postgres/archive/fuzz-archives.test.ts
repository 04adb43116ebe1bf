import { expect, test } from "vitest";
import { fuzzArchives, fuzzFolders } from "../../../../tests/helpers/fuzz-archives.ts";

test("20,000 damaged archives are read or refused", async () => {
  await expect(fuzzArchives(20_000, Date.now() % 2 ** 31)).resolves.toBeUndefined();
});

test("3,000 damaged folders are read or refused", async () => {
  await expect(fuzzFolders(3000, Date.now() % 2 ** 31)).resolves.toBeUndefined();
});
