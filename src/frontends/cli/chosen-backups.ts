import type { FoundBackup } from "../../commands/found-backup.ts";
import { type Listing, listBackups } from "../../commands/list-backups.ts";
import { BackupError } from "../../core/backup-error.ts";
import type { CliContext } from "./cli-context.ts";
import type { Invocation } from "./command.ts";
import { findArgument } from "./find-argument.ts";
import { repositoryOf } from "./repository-option.ts";

/** A backup that a command is to work on, to be found when its turn comes: one that cannot be does not keep it from the others. */
export interface ChosenBackup {
  readonly name: string;
  /** As it is stored. @throws BackupError */
  find(): Promise<FoundBackup>;
}

/**
 * The backups that are named, or with `--all` those of the repository.
 * @param choose which of a listing are meant; without it all
 * @throws BackupError USAGE when it is both or neither; NOT_FOUND, IO
 */
export async function* chosenBackups(
  { args, options }: Invocation,
  context: CliContext,
  choose: (listing: Listing) => Listing["backups"] = ({ backups }) => backups,
): AsyncGenerator<ChosenBackup> {
  if (args.length > 0 === (options.all === true)) throw contradiction(args.length > 0);
  for (const name of args) yield { name, find: () => findArgument(name, options, context, undefined) };
  if (options.all !== true) return;
  const repository = await context.services.openStorage(repositoryOf(options));
  const listing = await listBackups(repository, context.signal);
  for (const error of listing.unreadable) yield { name: error.object ?? "", find: () => Promise.reject(error) };
  for (const { backup } of choose(listing)) yield { name: backup.location, find: async () => backup };
}

function contradiction(areNamed: boolean): BackupError {
  return new BackupError({
    code: "USAGE",
    message: areNamed ? "--all means every backup, and some are named" : "nothing says which backups are meant",
    hint: "name backups, or give --all",
  });
}
