import { BackupError } from "../../core/backup-error.ts";
import { type EngineFamily, familyOfConnection, type NamedFamily, shownFamily } from "../../core/database-type.ts";
import type { Command } from "./command.ts";
import { environmentName } from "./options/option.ts";
import { findOption, type OptionValues } from "./options/options.ts";

/** What kind of server the options name. @throws BackupError USAGE when they contradict each other */
export function namedFamily(options: OptionValues): EngineFamily | undefined {
  const { "db-type": dbType, url } = options;
  return familyOfConnection({
    ...(dbType === undefined ? {} : { dbType }),
    ...(url === undefined ? {} : { url }),
  });
}

/**
 * The configuration file and variables tell of a server, which matters only where it is asked: what is read is of the kind that it
 * says itself. @throws BackupError USAGE when options contradict each other
 */
export function familyOfReading(options: OptionValues, flags: ReadonlySet<string>, asksServer: boolean): NamedFamily {
  const named = namedFamily(options);
  if (named === undefined) return {};
  return asksServer || isNamedByFlag(flags) ? { asked: named } : { usual: named };
}

function isNamedByFlag(flags: ReadonlySet<string>): boolean {
  return flags.has("db-type") || flags.has("url");
}

/** Whether a restore does more than to print what is in a backup, or to write it into a file. */
export function restoresIntoServer(options: OptionValues): boolean {
  return options.list !== true && options.file === undefined;
}

/**
 * Refuses options that are not for the kind of server that is named. Where a backup is read and none is named,
 * the backup says it, and is asked again.
 * @param flags names of the options that the command line gave; the others come from the environment
 * @throws BackupError USAGE, CONFIG
 */
export function checkFamily(command: Command, options: OptionValues, flags: ReadonlySet<string>): void {
  if (!command.options.includes("db-type")) return;
  const asksBackup = command.words[0] === "restore" || command.words[0] === "verify";
  const asksServer = command.words[0] === "restore" && restoresIntoServer(options);
  if (asksBackup && !asksServer && !isNamedByFlag(flags)) return;
  const family = namedFamily(options) ?? (asksBackup ? undefined : "postgres");
  if (family === undefined) return;
  for (const name of Object.keys(options)) {
    const option = findOption(name);
    if (option?.family === undefined || option.family === family) continue;
    if (option.isForAllRestores === true && command.words[0] === "restore") continue;
    const isFlag = flags.has(name);
    throw new BackupError({
      code: isFlag ? "USAGE" : "CONFIG",
      message: `${isFlag ? `option "--${name}"` : `environment variable "${environmentName(option)}"`} is for ${shownFamily[option.family]} only`,
      hint:
        family === "mysql"
          ? "leave it out: the server named is one of MySQL or MariaDB"
          : "leave it out, or name a server of MySQL or MariaDB with --url or --db-type",
    });
  }
}
