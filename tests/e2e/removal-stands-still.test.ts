import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { backupInRepository } from "../../src/commands/found-backup.ts";
import { listBackups } from "../../src/commands/list-backups.ts";
import { removalOf, removeBackup } from "../../src/commands/removal/remove-backup.ts";
import { copyBackup } from "../../src/commands/transfer/copy-backup.ts";
import { monotonic } from "../../src/core/monotonic.ts";
import { LocalStorage } from "../../src/storage/local/local-storage.ts";
import { plantBackup } from "../helpers/planted-backup.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const clock = { now: () => new Date(), monotonic };
const { signal } = new AbortController();

/** Stands still before it removes the first file that is no metadata. */
class SlowStorage extends LocalStorage {
  meanwhile: (() => Promise<void>) | undefined;

  override async remove(key: string): Promise<void> {
    await super.remove(key);
    if (!key.endsWith(".meta.json")) return;
    await this.meanwhile?.();
  }
}

test("who removes a backup and stands still meanwhile removes nothing of a copy that came since", async () => {
  await using folder = await withTemporaryFolder();
  const [from, to] = ["from", "to"].map((name) => join(folder.path, name)) as [string, string];
  mkdirSync(from);
  const { name } = plantBackup(from, "shop", 1);
  const source = new LocalStorage(from, clock);
  const [found] = (await listBackups(source, signal)).backups;
  const original = backupInRepository(source, `${name}.meta.json`, found!.metadata);
  const copy = () => copyBackup(original, new LocalStorage(to, clock), { emit: () => {} }, signal);
  await copy();
  const slow = new SlowStorage(to, clock);
  slow.meanwhile = async () => void (await copy());
  const there = backupInRepository(slow, `${name}.meta.json`, found!.metadata);
  await removeBackup(await removalOf(there, slow), slow, clock.now());
  expect(readdirSync(to).toSorted()).toEqual([name, `${name}.meta.json`]);
});
