import { findBackup } from "../../commands/find-backup.ts";
import type { FoundBackup } from "../../commands/found-backup.ts";
import type { CliContext } from "./cli-context.ts";
import type { OptionValues } from "./options/options.ts";
import { repositoryOf } from "./repository-option.ts";

/** The backup that a BACKUP argument names, as {@link findBackup}. */
export async function findArgument(
  argument: string,
  options: OptionValues,
  { services, signal }: Pick<CliContext, "services" | "signal">,
): Promise<FoundBackup> {
  const openRepository = () => services.openStorage(repositoryOf(options));
  return await findBackup(argument, { locateFile: services.locateFile, openRepository }, signal);
}
