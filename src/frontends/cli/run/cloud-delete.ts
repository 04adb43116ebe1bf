import type { FoundBackup } from "../../../commands/found-backup.ts";
import {
  finishRemovals,
  removalOf,
  removeBackup,
  unfinishedRemovals,
} from "../../../commands/removal/remove-backup.ts";
import { discardCopy, unfinishedCopy } from "../../../commands/removal/unfinished-copy.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { NotedWork } from "../../../ports/storage.ts";
import { formatBytes } from "../amounts.ts";
import type { RunCommand } from "../command.ts";
import { noteOnly } from "../note-only.ts";
import { repositoryOf } from "../repository-option.ts";
import { stored } from "../stored-backup.ts";

export const run: RunCommand = async ({ args, options }, { services, output, note, signal }) => {
  const storage = await services.openStorage(repositoryOf(options));
  const found: FoundBackup[] = [];
  const copies: NotedWork[] = [];
  // Of these the backup is gone, and the files are not: naming it again finishes that.
  const begun = new Set([...(await unfinishedRemovals(storage)).values()].map(({ id }) => id));
  const again: string[] = [];
  for (const argument of args) {
    if (begun.has(argument)) {
      again.push(argument);
      continue;
    }
    const copy = await unfinishedCopy(argument, storage);
    if (copy === undefined) found.push(await stored(argument, storage, signal));
    else copies.push(copy);
  }
  noteOnly(found, note);
  for (const { id, location } of copies) output.print(`${id}  an unfinished copy  ${printable(location)}`);
  for (const backup of found) output.print(lineOf(backup));
  for (const id of again) output.print(`${printable(id)}  a removal that was interrupted`);
  const documents = (removed: boolean) => [
    ...found.map(({ metadata, location }) => ({ id: metadata!.id, location, removed })),
    ...copies.map(({ id, location }) => ({ id, location, removed })),
    ...again.map((id) => ({ id, location: storage.location, removed })),
  ];
  if (options["dry-run"] === true) {
    output.document(documents(false));
    return ExitStatus.done;
  }
  const count = found.length + copies.length + again.length;
  if (options.confirm !== true) throw unconfirmed(count);
  for (const copy of copies) await discardCopy(copy, storage);
  for (const backup of found) {
    signal.throwIfAborted();
    await removeBackup(await removalOf(backup, storage), storage, services.clock.now());
  }
  const finished = await finishRemovals(storage);
  output.document(documents(true));
  output.print(`${counted(count, "backup")} removed from ${printable(storage.location)}`);
  if (finished.length > 0)
    output.info(`finished the removal of ${counted(finished.length, "backup")} that was interrupted`);
  return ExitStatus.done;
};

function lineOf({ metadata, location }: FoundBackup): string {
  const { id, database, timestamp, size_bytes: size } = metadata!;
  return `${id}  ${printable(database)}  ${timestamp}  ${formatBytes(size)}  ${printable(location)}`;
}

function unconfirmed(count: number): BackupError {
  return new BackupError({
    code: "CONFIRM_REQUIRED",
    message: `${counted(count, "backup")} would be removed for good; nothing was touched`,
    hint: "give --confirm to remove them",
  });
}
