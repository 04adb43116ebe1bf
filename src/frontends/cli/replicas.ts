import { replicate } from "../../commands/transfer/replicate.ts";
import { ExitStatus } from "../../core/exit-status.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { printable } from "../../core/printable.ts";
import type { Services } from "../../ports/services.ts";
import type { Storage } from "../../ports/storage.ts";
import type { Destination } from "./backup-destination.ts";
import type { CliContext } from "./cli-context.ts";
import { errorDocument } from "./describe-error.ts";
import type { OptionValues } from "./options/options.ts";

/** Where copies of a backup go, opened before it is made: a URL that cannot be used is told before anything is done. */
export interface Replicas {
  readonly status: ExitStatus;
  /** What of it belongs into the document of the backup. */
  readonly document: { readonly replicas?: readonly object[] };
}

/** Opens the repositories of `--replica`. @throws BackupError USAGE */
export async function openReplicas(options: OptionValues, services: Services): Promise<readonly Storage[]> {
  return await Promise.all((options.replica ?? []).map((location) => services.openStorage(location)));
}

/** Copies a backup that was just made to where `--replica` says, and tells what became of it. */
export async function makeReplicas(
  metadata: BackupMetadata,
  destination: Pick<Destination, "kind"> & { readonly storage?: Storage },
  replicas: readonly Storage[],
  { output, progress, signal }: Pick<CliContext, "output" | "progress" | "signal">,
): Promise<Replicas> {
  if (replicas.length === 0 || destination.storage === undefined) return { status: ExitStatus.done, document: {} };
  const states = await replicate(metadata, destination.storage, replicas, progress, signal);
  output.clearProgress();
  for (const { location, failure } of states) {
    if (failure === undefined) output.info(`copied to ${printable(location)}, and read back`);
    else {
      output.warn(`the copy in ${location} failed: ${failure.message}`, {
        ...(failure.object === undefined ? {} : { object: failure.object }),
        hint: `the backup itself is complete; go on with "cloud upload ${metadata.id} --to ..."${failure.hint === undefined ? "" : `; ${failure.hint}`}`,
      });
    }
  }
  return {
    status: states.some(({ failure }) => failure !== undefined) ? ExitStatus.partial : ExitStatus.done,
    document: {
      replicas: states.map(({ location, failure }) =>
        failure === undefined
          ? { location, status: "ok" }
          : { location, status: "failed", error: errorDocument(failure) },
      ),
    },
  };
}
