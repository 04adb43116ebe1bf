import { type CleanupResult, cleanup } from "../../../commands/cleanup/cleanup.ts";
import {
  planRepository,
  type RepositoryDecision,
  type RetentionPlan,
  removePlanned,
} from "../../../commands/retention/apply-retention.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import { formatBytes, utcTime } from "../amounts.ts";
import type { RunCommand } from "../command.ts";
import { hasKeys, keySources } from "../key-sources.ts";
import { repositoryOf } from "../repository-option.ts";
import { retentionPolicyOf } from "../retention-policy.ts";
import { type Column, tableLines } from "../table.ts";
import { unlockingOf } from "../unlocking.ts";

const columns: readonly Column[] = [
  { title: "" },
  { title: "ID" },
  { title: "DATABASE" },
  { title: "TIME (UTC)" },
  { title: "SIZE", align: "right" },
  { title: "KIND" },
  { title: "WHY" },
];

export const run: RunCommand = async (invocation, context) => {
  const { services, output, progress, signal } = context;
  const { options } = invocation;
  const policyOf = retentionPolicyOf(invocation);
  const dryRun = options["dry-run"] === true;
  // Keys may stand in the environment; only rules need them.
  const keys = policyOf !== undefined && hasKeys(keySources(options));
  const storage = await services.openStorage(repositoryOf(options));
  const unlocking = keys ? await unlockingOf(options, services, progress) : undefined;
  // What is removed is decided by what is read now.
  const known = dryRun ? (await context.catalogue())?.repository(repositoryOf(options)) : undefined;
  const plan =
    policyOf === undefined
      ? undefined
      : await planRepository({ policyOf, unlocking, known }, storage, services.clock, signal);
  if (plan !== undefined) {
    await output.printEach(tableLines(columns, plan.decisions, rowOf));
    for (const doubt of plan.clockDoubts) output.warn(`the clock of this machine may be wrong: ${doubt}`);
    if (plan.clockDoubts.length > 0 && !dryRun && options.confirm !== true) throw doubtful(plan);
  }
  const abandonUnfinished = options["abandon-unfinished"] === true;
  const listed = plan?.records;
  const request = { dryRun, abandonUnfinished, now: services.clock.now(), unlocking, listed };
  const result = await cleanup(request, storage, signal);
  const removed = new Set<unknown>();
  if (plan !== undefined && !dryRun) {
    await removePlanned(plan, storage, services.clock, (backup) => removed.add(backup), signal);
  }
  // Of a hundred thousand backups it is large.
  if (options.json === true) output.document(documentOf(result, plan, removed, dryRun, storage.location));
  output.print(...linesOf(result, dryRun), ...(plan === undefined ? [] : [summaryOf(plan, dryRun)]));
  return ExitStatus.done;
};

function rowOf({ backup, keep, reasons }: RepositoryDecision): string[] {
  return [
    keep ? "keep" : "remove",
    backup.id,
    backup.title,
    utcTime(backup.timestamp),
    formatBytes(backup.sizeBytes),
    backup.kind,
    reasons.join("; "),
  ];
}

function summaryOf({ decisions }: RetentionPlan, dryRun: boolean): string {
  const leaving = decisions.filter(({ keep }) => !keep);
  const bytes = leaving.reduce((sum, { backup }) => sum + backup.sizeBytes, 0);
  const rest = decisions.length - leaving.length;
  return `${dryRun ? "would remove" : "removed"} ${counted(leaving.length, "backup")} (${formatBytes(bytes)}), ${rest} ${rest === 1 ? "stays" : "stay"}`;
}

function documentOf(
  { runs, objects, uploads, removals, verifications, stranded, unfinished }: CleanupResult,
  plan: RetentionPlan | undefined,
  removed: ReadonlySet<unknown>,
  dryRun: boolean,
  repository: string,
): Record<string, unknown> {
  return {
    dry_run: dryRun,
    runs,
    objects,
    uploads,
    removals,
    verifications,
    stranded,
    unfinished: unfinished.map(({ id, location, kind, database = null, isBusy, isRemoved }) => ({
      id,
      location,
      kind,
      database,
      busy: isBusy,
      removed: isRemoved,
    })),
    ...(plan === undefined
      ? {}
      : {
          clock_doubts: plan.clockDoubts,
          backups: plan.decisions.map(({ backup, keep, reasons }) => ({
            id: backup.id,
            database: backup.databaseName,
            timestamp: backup.timestamp,
            size_bytes: backup.sizeBytes,
            kind: backup.kind,
            location: `${repository}/${backup.name}`,
            keep,
            reasons,
            removed: removed.has(backup),
          })),
        }),
  };
}

function linesOf(result: CleanupResult, dryRun: boolean): string[] {
  const { runs, objects, uploads, removals, verifications, stranded, unfinished } = result;
  const left = `${counted(objects.length, "object")} and ${counted(uploads.length, "unfinished upload")}`;
  return [
    ...objects.map((key) => `object  ${printable(key)}`),
    ...uploads.map((key) => `unfinished upload  ${printable(key)}`),
    ...stranded.map((key) => `record of a backup that is gone  ${printable(key)}`),
    ...removals.map((id) => `removal that was interrupted  ${printable(id)}`),
    ...unfinished.map(({ id, kind, database, location, isBusy, isRemoved }) => {
      const what = `${kind === "copy" ? "unfinished copy" : "interrupted backup"} of ${printable(database ?? "?")}`;
      const state = isRemoved ? "" : isBusy ? "; a run is at work on it" : "; stays, as it can go on";
      return `${what}  ${id}  ${printable(location)}${state}`;
    }),
    `${dryRun ? "would remove" : "removed"} ${left} of ${counted(runs, "run that had died", "runs that had died")}`,
    ...(removals.length === 0
      ? []
      : [`${dryRun ? "would finish" : "finished"} ${counted(removals.length, "removal")}`]),
    ...(verifications.length === 0
      ? []
      : [`${dryRun ? "would remove" : "removed"} ${counted(verifications.length, "old record")} of verifications`]),
    ...(stranded.length === 0
      ? []
      : [`${dryRun ? "would remove" : "removed"} ${counted(stranded.length, "record")} of backups that are gone`]),
  ];
}

function doubtful({ clockDoubts }: RetentionPlan): BackupError {
  return new BackupError({
    code: "CONFIRM_REQUIRED",
    message: `the clock of this machine may be wrong (${clockDoubts.join("; ")}): nothing was touched`,
    hint: "check the clock; if it is right, give --confirm",
  });
}
