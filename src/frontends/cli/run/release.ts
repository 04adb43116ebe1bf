import { releaseBackup } from "../../../commands/retention/holds.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { RunCommand } from "../command.ts";
import { noteOnly } from "../note-only.ts";
import { repositoryOf } from "../repository-option.ts";
import { stored } from "../stored-backup.ts";

export const run: RunCommand = async ({ args, options }, { services, output, note, signal }) => {
  const storage = await services.openStorage(repositoryOf(options));
  const found = [];
  for (const name of args) found.push(await stored(name, storage, signal));
  noteOnly(found, note);
  const documents = [];
  for (const backup of found) {
    const { id } = backup.metadata!;
    const holds = await releaseBackup(backup, storage);
    documents.push({ id, location: backup.location, released: holds.length });
    const said = holds.length === 0 ? "was not on hold" : `released from ${counted(holds.length, "hold")}`;
    output.print(`${id}  ${printable(backup.location)}  ${said}`);
  }
  output.document(documents);
  return ExitStatus.done;
};
