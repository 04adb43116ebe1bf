import { listBackups } from "../../../commands/list-backups.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { Catalogue } from "../../../ports/catalogue.ts";
import type { CliContext } from "../cli-context.ts";
import type { RunCommand } from "../command.ts";
import type { OptionValues } from "../options/options.ts";
import { repositoryOf } from "../repository-option.ts";

export const run: RunCommand = async ({ options }, context) => {
  const { services, output, signal } = context;
  const catalogue = await soundCatalogue(options, context);
  try {
    catalogue.forgetRepositories();
    const read: { location: string; backups: number; unreadable: number }[] = [];
    for (const location of [repositoryOf(options), ...(options.replica ?? [])]) {
      const storage = await services.openStorage(location);
      const { backups, unreadable } = await listBackups(storage, signal, catalogue.repository(location));
      for (const { message, object } of unreadable) output.warn(message, object === undefined ? {} : { object });
      read.push({ location: storage.location, backups: backups.length, unreadable: unreadable.length });
      output.print(`${counted(backups.length, "backup")}  ${printable(storage.location)}`);
    }
    output.document({ catalogue: catalogue.location, repositories: read });
    return read.some(({ unreadable }) => unreadable > 0) ? ExitStatus.partial : ExitStatus.done;
  } finally {
    catalogue.close();
  }
};

/** The one that is there, when it is whole; else a new one. */
async function soundCatalogue(
  options: OptionValues,
  { services, environment, output }: CliContext,
): Promise<Catalogue> {
  if (options.catalogue === "none") {
    throw new BackupError({
      code: "USAGE",
      message: "there is no catalogue to be made",
      hint: "name its file with --catalogue",
    });
  }
  let opened: Catalogue | undefined;
  try {
    opened = await services.openCatalogue(options.catalogue, environment);
    opened.check();
    return opened;
  } catch (error) {
    opened?.close();
    if (!(error instanceof BackupError) || error.code !== "DAMAGED") throw error;
    const aside = await services.setCatalogueAside(options.catalogue, environment);
    output.warn(
      "the catalogue was damaged: a new one is made, and what only the old one knew, the history, is lost",
      aside === undefined ? {} : { object: aside },
    );
    return await services.openCatalogue(options.catalogue, environment);
  }
}
