import { expect, test } from "vitest";
import { SimulatedDisk } from "./simulated-disk.ts";

test("names that a crash took away stay away, and those that were synced since stay there", () => {
  const disk = new SimulatedDisk(() => 0);
  disk.makeFolder(["work"]);
  disk.syncFolder(disk.root);
  disk.makeFile(["work", "lost"]);
  disk.crash(() => 0, "last");
  expect(disk.paths()).toEqual(["work/"]);
  disk.makeFile(["work", "kept"]);
  disk.syncFolder(disk.folder(["work"]));
  disk.rename(["work"], ["published"]);
  disk.syncFolder(disk.root);
  const names = disk.paths();
  disk.crash(() => 0.5, "any");
  expect(disk.paths()).toEqual(names);
});
