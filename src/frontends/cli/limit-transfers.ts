import { BackupError } from "../../core/backup-error.ts";
import { isStorageUrl } from "../../core/storage-url.ts";
import type { Services } from "../../ports/services.ts";
import type { Invocation } from "./command.ts";

const names = ["bandwidth-limit", "max-connections"] as const;

/**
 * Hands the limits of the command line and the environment on.
 * @param flags as they were typed: the environment may say what is for other commands
 * @throws BackupError USAGE when a flag has nothing to limit: folders are read and written as fast as it goes
 */
export function limitTransfers(
  { options, args }: Invocation,
  flags: readonly string[],
  { services, signal }: { readonly services: Services; readonly signal: AbortSignal },
): void {
  if (names.every((name) => options[name] === undefined)) return;
  const places = [options.repo, options.to, ...(options.replica ?? []), ...args];
  if (!places.some((place) => place !== undefined && isStorageUrl(place))) {
    const typed = names.find((name) => flags.some((flag) => flag === `--${name}` || flag.startsWith(`--${name}=`)));
    if (typed === undefined) return;
    throw new BackupError({
      code: "USAGE",
      message: `--${typed} is for repositories that URLs name, and none is named`,
      hint: "leave it out; --max-rate limits what a backup reads from its server",
    });
  }
  services.limitTransfers({
    bytesPerSecond: options["bandwidth-limit"],
    connections: options["max-connections"],
    signal,
  });
}
