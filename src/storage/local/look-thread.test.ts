import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withTemporaryFolder } from "../../../tests/helpers/temporary-folder.ts";
import type { StoredObject } from "../../ports/storage.ts";
import { LocalStorage } from "./local-storage.ts";
import { LookThread } from "./look-thread.ts";

const clock = { now: () => new Date(), monotonic: () => performance.now() };

/** More than are told to the thread at a time. */
const files = 10_000;

/** Files, and what a listing passes over, everywhere among them. */
function fill(folder: string): void {
  for (let file = 0; file < files; file++) {
    const path = join(folder, `${`${file}`.padStart(5, "0")} é\n`);
    if (file % 100 === 7) {
      mkdirSync(path);
      writeFileSync(join(path, "within"), "w");
    } else if (file % 100 === 8) symlinkSync(".", path);
    else if (file % 100 === 9) mkdirSync(path);
    else {
      writeFileSync(path, "x".repeat(file % 50));
      utimesSync(path, file, file + 0.25);
    }
  }
}

function isNameEnough(key: string): boolean {
  return key.startsWith("0999");
}

async function listed(storage: LocalStorage, recursive = false): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of storage.list("", { recursive, isNameEnough })) objects.push(object);
  return objects;
}

test("a folder of many files is listed with two threads as with one", async () => {
  await using temporary = await withTemporaryFolder();
  fill(temporary.path);
  for (const recursive of [false, true]) {
    const alone = await listed(new LocalStorage(temporary.path, clock), recursive);
    expect(alone).toHaveLength(files * (recursive ? 0.98 : 0.97));
    expect(await listed(new LocalStorage(temporary.path, clock, 2), recursive)).toEqual(alone);
  }
});

test("the other thread tells what is no file, what is gone, and what it cannot look at", async () => {
  await using temporary = await withTemporaryFolder();
  for (const name of ["file", "gone", "behind"]) writeFileSync(join(temporary.path, name), "four");
  mkdirSync(join(temporary.path, "folder"));
  rmSync(join(temporary.path, "gone"));
  const thread = new LookThread();
  try {
    const long = "l".repeat(5000);
    const next = await thread.look(temporary.path, ["file", "folder", "gone", "file/within", long, "behind"]);
    const file = { size: 4, mtimeMs: expect.any(Number) as number };
    expect(Array.from({ length: 6 }, () => next!())).toEqual([file, undefined, undefined, "failed", "failed", file]);
  } finally {
    await thread.end();
  }
});

test("without the thread whoever asks must look himself", async () => {
  const thread = new LookThread();
  await thread.end();
  expect(await thread.look("/", ["etc"])).toBeUndefined();
});
