import type { FoundBackup } from "../../../commands/found-backup.ts";
import { storeVerification } from "../../../commands/proof/store-verification.ts";
import { BackupError } from "../../../core/backup-error.ts";
import type { Verification } from "../../../core/verification/verification-schema.ts";
import type { CliContext } from "../cli-context.ts";
import type { OptionValues } from "../options/options.ts";

/** Writes a result beside its backup. @returns where it lies; undefined when it was not written */
export type RecordVerification = (backup: FoundBackup, verification: Verification) => Promise<string | undefined>;

/** Unless the user wants none. A place that nobody may write to is no reason to keep the result from the user. */
export function recording(
  options: OptionValues,
  { services, progress }: Pick<CliContext, "services" | "progress">,
): RecordVerification {
  if (options["no-record"] === true) return async () => undefined;
  return async (backup, verification) => {
    try {
      return await storeVerification(backup, verification, services.openStorage);
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      progress.emit({
        event: "warning",
        message: `the result could not be written beside the backup: ${error.message}`,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      });
      return undefined;
    }
  };
}
