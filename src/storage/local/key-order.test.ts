import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withTemporaryFolder } from "../../../tests/helpers/temporary-folder.ts";
import { LocalStorage } from "./local-storage.ts";

test("keys are listed in the order of their bytes, whatever characters they have", async () => {
  await using folder = await withTemporaryFolder();
  const names = ["a", "a-", "a.b", "aZ", "az", "aä", "a\u{ff5e}", "a\u{e000}", "a\u{1f600}", "a\u{10ffff}", "b"];
  for (const name of names) writeFileSync(join(folder.path, name), "");
  const listed: string[] = [];
  const storage = new LocalStorage(folder.path, { now: () => new Date(), monotonic: () => 0 });
  for await (const { key } of storage.list("")) listed.push(key);
  expect(listed).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
});
