import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withTemporaryFolder } from "../../../tests/helpers/temporary-folder.ts";
import { LocalStorage } from "./local-storage.ts";

test("a record that another run takes away as soon as it is there was written all the same", async () => {
  await using folder = await withTemporaryFolder();
  const storage = new LocalStorage(folder.path, { now: () => new Date(), monotonic: () => performance.now() });
  const work = await storage.beginWork();
  let removed = 0;
  for (let n = 0; n < 200; n++) {
    const target = join(folder.path, `record-${n}`);
    const record = await work.create();
    await record.write(Buffer.from("done"));
    let isCommitted = false;
    const removing = (): void => {
      try {
        unlinkSync(target);
        removed += 1;
      } catch {
        if (!isCommitted) setImmediate(removing);
      }
    };
    setImmediate(removing);
    expect(await record.commit(`record-${n}`, "part")).toMatchObject({ key: `record-${n}`, size: 4 });
    isCommitted = true;
  }
  await work.end();
  // How often it came before the commit had answered is chance; that it came, is not.
  expect(removed).toBeGreaterThan(0);
});
