import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withSelfHash } from "../../src/core/metadata/self-hash.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { mustRun } from "../helpers/run-program.ts";
import { requireRoot, withSmallDisk } from "../helpers/small-disk.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const id = "019aa0c0-0000-7000-8000-000000000001";

test("a copy onto a disk that becomes full is no backup, and goes on when there is room", async (context) => {
  requireRoot(context);
  await using folder = await withTemporaryFolder();
  const [from, to] = [join(folder.path, "from"), join(folder.path, "to")];
  mkdirSync(from);
  mkdirSync(to);
  const bytes = randomBytes(4 << 20);
  writeFileSync(join(from, "shop.dump"), bytes);
  const metadata = {
    version: "4.0",
    timestamp: "2026-01-02T03:04:05.000Z",
    database: "shop",
    database_type: "postgresql",
    backup_type: "full",
    size_bytes: bytes.length,
    id,
    format_version: 1,
    artifacts: [{ name: "shop.dump", size: bytes.length }],
  };
  writeFileSync(join(from, "shop.dump.meta.json"), withSelfHash(metadata));
  await using _disk = await withSmallDisk(to, "2m");
  const copy = ["cloud", "download", id, "--repo", from, "--to", to, "--json"];
  const { status, stderr } = await dbbackup(copy);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/error: .*(?:ENOSPC|no space)/is)]);
  expect(JSON.parse((await mustDbbackup(["list", "--repo", to, "--json"])).stdout.toString())).toEqual([]);
  await mustRun("mount", ["-o", "remount,size=16m", to]);
  const [copied] = JSON.parse((await mustDbbackup(copy)).stdout.toString());
  expect(copied).toMatchObject({ status: "ok", was_there: false });
  expect(copied.resumed_bytes).toBeGreaterThan(0);
  expect(readdirSync(to).toSorted()).toEqual(["shop.dump", "shop.dump.meta.json"]);
  expect(readFileSync(join(to, "shop.dump")).equals(bytes)).toBe(true);
});
