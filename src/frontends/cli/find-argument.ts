import type { Unlocking } from "../../commands/encryption/open-encrypted.ts";
import { findBackup } from "../../commands/find-backup.ts";
import type { FoundBackup } from "../../commands/found-backup.ts";
import type { CliContext } from "./cli-context.ts";
import type { OptionValues } from "./options/options.ts";
import { repositoryOf } from "./repository-option.ts";

/**
 * The backup that a BACKUP argument names, as {@link findBackup}.
 * @param unlocking how it is opened if it is encrypted; undefined: it is not
 */
export async function findArgument(
  argument: string,
  options: OptionValues,
  { services, signal }: Pick<CliContext, "services" | "signal">,
  unlocking: Unlocking | undefined,
): Promise<FoundBackup> {
  const openRepository = (url?: string) => services.openStorage(url ?? repositoryOf(options));
  const ports = { locateFile: services.locateFile, openRepository, ...(unlocking === undefined ? {} : { unlocking }) };
  return await findBackup(argument, ports, signal);
}
