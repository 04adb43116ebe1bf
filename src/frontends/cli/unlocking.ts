import type { Unlocking } from "../../commands/encryption/open-encrypted.ts";
import type { ProgressSink } from "../../ports/progress.ts";
import type { Services } from "../../ports/services.ts";
import { hasKeys, keySources } from "./key-sources.ts";
import type { OptionValues } from "./options/options.ts";

/**
 * How encrypted backups are opened, as the command line says it. Keys are read once: keep the answer for several backups.
 * @throws BackupError CONFIG, USAGE
 */
export async function unlockingOf(
  options: OptionValues,
  services: Pick<Services, "encryption">,
  progress: ProgressSink,
): Promise<Unlocking> {
  const sources = keySources(options);
  return {
    decryption: hasKeys(sources) ? await (await services.encryption()).decryption(sources) : undefined,
    onDamage: ({ message, object }) =>
      progress.emit({ event: "warning", message: `${message}${object === undefined ? "" : ` (${object})`}` }),
  };
}
