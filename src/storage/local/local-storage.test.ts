import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { storageSuite } from "../../../tests/contract/storage-suite.ts";
import { LocalStorage } from "./local-storage.ts";

const clock = { now: () => new Date(), monotonic: () => performance.now() };

storageSuite(
  "a folder",
  async () => {
    const parent = await mkdtemp(join(tmpdir(), "dbbackup-storage-"));
    const folder = join(parent, "new", "repository");
    return {
      storage: new LocalStorage(folder, clock),
      other: new LocalStorage(folder, clock),
      remove: async () => {
        const left = (await readdir(parent, { recursive: true })).filter((name) => name.includes(".tmp-"));
        await rm(parent, { recursive: true });
        expect(left).toEqual([]);
      },
    };
  },
  { isFileSystem: true },
);
