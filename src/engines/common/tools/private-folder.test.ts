import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withTemporaryFolder } from "../../../../tests/helpers/temporary-folder.ts";
import { PrivateFolder } from "./private-folder.ts";

const before = process.env["TMPDIR"];
let place: { readonly path: string } & AsyncDisposable;

beforeAll(async () => {
  place = await withTemporaryFolder();
  process.env["TMPDIR"] = place.path;
});
afterAll(async () => {
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
  await place[Symbol.asyncDispose]();
});

function leftBy(owner: string, digit: string): string {
  const folder = join(place.path, `dbbackup-tools-${digit.repeat(16)}`);
  mkdirSync(folder);
  writeFileSync(join(folder, "owner"), owner);
  writeFileSync(join(folder, "passwords"), "*:*:*:*:secret\n");
  return folder;
}

test("files are for their owner only, at any umask, and gone at the end", async () => {
  const mask = process.umask(0);
  let path: string;
  {
    await using folder = await PrivateFolder.create();
    const file = await folder.write("passwords", "secret");
    expect([folder.path, file].map((one) => statSync(one).mode & 0o777)).toEqual([0o700, 0o600]);
    path = folder.path;
  }
  process.umask(mask);
  expect(existsSync(path)).toBe(false);
});

test("what a run left behind that was killed with -9 is removed by the next", async () => {
  // The largest process number of Linux is smaller; the process of that number that runs is another one, begun later.
  const ofNobody = leftBy("99999999 1", "a");
  const ofAnother = leftBy(`${process.pid} 1`, "b");
  const other = join(place.path, "dbbackup-tools-of-mine");
  mkdirSync(other);
  await using mine = await PrivateFolder.create();
  await using second = await PrivateFolder.create();
  expect([ofNobody, ofAnother, other, mine.path, second.path].map((path) => existsSync(path))).toEqual([
    false,
    false,
    true,
    true,
    true,
  ]);
});
