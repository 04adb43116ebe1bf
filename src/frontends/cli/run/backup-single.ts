import { type BackupSingleRequest, backupSingle } from "../../../commands/backup-single.ts";
import { BackupError } from "../../../core/backup-error.ts";
import type { EngineChoice } from "../../../ports/engine-choice.ts";
import { backupDestination } from "../backup-destination.ts";
import { backupRequest } from "../backup-request.ts";
import { namedFamily } from "../check-family.ts";
import type { RunCommand } from "../command.ts";
import { engineChoice } from "../engine-choice.ts";
import type { OptionValues } from "../options/options.ts";
import { makeReplicas, openReplicas } from "../replicas.ts";
import { reportBackup } from "../report-backup.ts";

export const run: RunCommand = async (invocation, context) => {
  const { services, output, progress, signal } = context;
  const { options } = invocation;
  const engine = engineChoice(options);
  refuseResumableTools(options, engine);
  const request = await backupRequest(invocation, services);
  const replicas = await openReplicas(options, services);
  const destination = await backupDestination(options, request.format, services);
  try {
    const metadata = await backupSingle(
      { ...request, destination, ...resumableOf(options) },
      {
        ...(await services.dumping({ engine, family: namedFamily(options), jobs: request.jobs })),
        clock: services.clock,
        tool: services.tool,
        progress,
      },
      signal,
    );
    context.note({ backupId: metadata.id, bytes: metadata.size_bytes });
    const { status, document } = await makeReplicas(metadata, destination, replicas, context);
    reportBackup(metadata, destination, output, document);
    return status;
  } finally {
    if (destination.kind === "stream") await destination.close();
  }
};

function resumableOf(options: OptionValues): Pick<BackupSingleRequest, "resumable"> {
  if (options.resume === true) return { resumable: "resume" };
  return options.resumable === true ? { resumable: "new" } : {};
}

function refuseResumableTools(options: OptionValues, { name }: EngineChoice): void {
  if (name === "native" || (options.resume !== true && options.resumable !== true)) return;
  throw new BackupError({
    code: "USAGE",
    message: `"--${options.resume === true ? "resume" : "resumable"}" does not go with --engine ${name}: pg_dump begins anew`,
    hint: "leave it out, or use --engine native",
  });
}
