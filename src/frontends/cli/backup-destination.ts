import { BackupError } from "../../core/backup-error.ts";
import type { DumpFormat } from "../../core/dump-format.ts";
import type { BackupOutput } from "../../ports/backup-output.ts";
import type { Services } from "../../ports/services.ts";
import type { Storage } from "../../ports/storage.ts";
import type { OptionValues } from "./options/options.ts";
import { repositoryOf } from "./repository-option.ts";

export type Destination = BackupOutput | { readonly kind: "repository"; readonly storage: Storage };

/** Where a backup goes: into the repository, or where --output says. @throws BackupError USAGE, IO */
export async function backupDestination(
  options: OptionValues,
  format: DumpFormat,
  services: Services,
): Promise<Destination> {
  const path = options.output;
  if (path === undefined) return { kind: "repository", storage: await services.openStorage(repositoryOf(options)) };
  if (path === "-" && options.json === true) {
    throw new BackupError({
      code: "USAGE",
      message: "--json and --output - both want stdout",
      hint: "write the backup to a file, or leave out --json",
    });
  }
  return await services.openOutput(path, format === "directory" ? "folder" : "file");
}
