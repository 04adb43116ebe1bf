import { type BackupSingleRequest, backupSingle } from "../../../commands/backup-single.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import type { EngineChoice } from "../../../ports/engine-choice.ts";
import { backupDestination } from "../backup-destination.ts";
import { backupRequest } from "../backup-request.ts";
import { namedFamily } from "../check-family.ts";
import type { RunCommand } from "../command.ts";
import { engineChoice } from "../engine-choice.ts";
import type { OptionValues } from "../options/options.ts";
import { reportBackup } from "../report-backup.ts";

export const run: RunCommand = async (invocation, { services, output, progress, signal }) => {
  const { options } = invocation;
  const engine = engineChoice(options);
  refuseResumableTools(options, engine);
  const request = await backupRequest(invocation, services);
  const destination = await backupDestination(options, request.format, services);
  try {
    const metadata = await backupSingle(
      { ...request, destination, ...resumableOf(options) },
      {
        ...(await services.dumping(engine, namedFamily(options))),
        clock: services.clock,
        tool: services.tool,
        progress,
      },
      signal,
    );
    reportBackup(metadata, destination, output);
    return ExitStatus.done;
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
