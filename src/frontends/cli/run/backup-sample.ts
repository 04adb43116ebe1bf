import { backupSample, planSample, sampleChoice } from "../../../commands/backup-sample.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { backupDestination } from "../backup-destination.ts";
import { backupRequest } from "../backup-request.ts";
import { namedFamily } from "../check-family.ts";
import type { RunCommand } from "../command.ts";
import type { OptionValues } from "../options/options.ts";
import { makeReplicas, openReplicas } from "../replicas.ts";
import { reportBackup } from "../report-backup.ts";
import { sampleDocument, sampleTable } from "../sample-lines.ts";

export const run: RunCommand = async (invocation, context) => {
  const { services, output, progress, signal } = context;
  const { options } = invocation;
  const sample = sampleChoice(sampleWish(options));
  const request = { ...(await backupRequest(invocation, services)), sample };
  output.info(`the seed of this sample is ${sample.seed}: --sample-seed ${sample.seed} chooses the same rows again`);
  if (options["dry-run"] === true) {
    const ports = { planner: await services.openSamplePlanner(namedFamily(options)), clock: services.clock, progress };
    const plan = await planSample(request, ports, signal);
    output.document(sampleDocument(request.database, sample, plan));
    output.print(...sampleTable(plan));
    return ExitStatus.done;
  }
  const replicas = await openReplicas(options, services);
  const destination = await backupDestination(options, request.format, services);
  try {
    const metadata = await backupSample(
      { ...request, destination },
      {
        ...(await services.dumping({ family: namedFamily(options), jobs: request.jobs })),
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

function sampleWish(options: OptionValues) {
  const { "sample-ratio": ratio, "sample-percent": percent, "sample-count": count, "sample-seed": seed } = options;
  return {
    ...(ratio === undefined ? {} : { ratio }),
    ...(percent === undefined ? {} : { percent }),
    ...(count === undefined ? {} : { count }),
    ...(seed === undefined ? {} : { seed }),
  };
}
