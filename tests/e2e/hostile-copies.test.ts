import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backupInRepository } from "../../src/commands/found-backup.ts";
import { discardCopy, unfinishedCopy } from "../../src/commands/removal/unfinished-copy.ts";
import { copyBackup } from "../../src/commands/transfer/copy-backup.ts";
import { transferId } from "../../src/commands/transfer/transfer-id.ts";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { readMetadata } from "../../src/core/metadata/read-metadata.ts";
import { withSelfHash } from "../../src/core/metadata/self-hash.ts";
import type { Storage } from "../../src/ports/storage.ts";
import { LocalStorage } from "../../src/storage/local/local-storage.ts";

const clock = { now: () => new Date(), monotonic: () => performance.now() };
const id = "019aa0c0-0000-7000-8000-000000000001";
let folder: string;
let from: LocalStorage;
let to: LocalStorage;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-copy-"));
  mkdirSync(join(folder, "from"));
  from = new LocalStorage(join(folder, "from"), clock);
  to = new LocalStorage(join(folder, "to"), clock);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Copies what a stranger's metadata say; the files that they name are there, as far as they can be. */
async function copy(
  backup: string,
  names: readonly string[],
  stored: Partial<BackupMetadata> = {},
  target: Storage = to,
) {
  const text = withSelfHash({
    version: "4.0",
    timestamp: "2026-01-02T03:04:05.000Z",
    database: "shop",
    database_type: "postgresql",
    backup_type: "full",
    size_bytes: 5,
    id: backup,
    format_version: 1,
    artifacts: names.map((name) => ({ name, size: 5 })),
    ...stored,
  });
  const key = `${names[0]!.replace(/\/.*/, "")}.meta.json`;
  for (const name of names) {
    if (name.includes("/")) mkdirSync(join(folder, "from", name, ".."), { recursive: true });
    writeFileSync(join(folder, "from", name), "12345");
  }
  writeFileSync(join(folder, "from", key), text);
  const found = backupInRepository(from, key, readMetadata(text, key));
  return await copyBackup(found, target, { emit: () => {} }, new AbortController().signal);
}

function everything(): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith("from"))
    .toSorted();
}

test.each(["../../evil", `${id}/../../evil`, "", "earlier-0123456789abcdef", "x".repeat(300)])(
  "an id that is no UUID names no folder: %j",
  async (odd) => {
    await copy(odd, ["shop.dump"]);
    expect(everything()).toEqual(["to", "to/shop.dump", "to/shop.dump.meta.json"]);
  },
);

test.each([
  ["metadata of another backup", ["shop.dump", "other.dump.meta.json"]],
  ["a list of what is to be removed", ["shop.dump", "other.removing.json"]],
  ["the proof of another backup", ["shop.dump", "other.dump.20260102T030405Z.verify.json"]],
  ["a work in progress", ["shop.dump", `.tmp-${id}`]],
])("a stranger's metadata bring nothing that means something else: %s", async (_, names) => {
  await expect(copy(id, names)).rejects.toMatchObject({ code: "DAMAGED" });
  expect(everything()).toEqual([]);
});

test("nor a folder that would be a work in progress", async () => {
  const names = [`.tmp-${id}/owner.json`, `.tmp-${id}/journal`];
  await expect(copy(id, names, { format: "directory" })).rejects.toMatchObject({ code: "DAMAGED" });
  expect(everything()).toEqual([]);
});

test("nothing that is there is overwritten, whatever the metadata name", async () => {
  mkdirSync(to.location);
  writeFileSync(join(to.location, "mine.txt"), "mine");
  await expect(copy(id, ["shop.dump", "mine.txt"])).rejects.toMatchObject({ code: "EXISTS" });
  expect(readFileSync(join(to.location, "mine.txt"), "utf8")).toBe("mine");
});

test("an interrupted copy of a backup without a UUID is found and removed", async () => {
  const odd = "earlier-0123456789abcdef";
  mkdirSync(to.location);
  writeFileSync(join(to.location, "b.txt"), "mine");
  await expect(copy(odd, ["shop.dump", "b.txt"])).rejects.toMatchObject({ code: "EXISTS" });
  const copied = await unfinishedCopy(transferId(odd), to);
  expect(copied).toMatchObject({ id: transferId(odd), isBusy: false });
  await discardCopy(copied!, to);
  expect(everything()).toEqual(["to", "to/b.txt"]);
});
