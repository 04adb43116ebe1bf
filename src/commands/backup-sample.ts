import { randomInt } from "node:crypto";
import { BackupError } from "../core/backup-error.ts";
import { LARGEST_SEED } from "../core/largest-seed.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import { uuidV7 } from "../core/uuid-v7.ts";
import type { Clock } from "../ports/clock.ts";
import { wholeDatabase } from "../ports/dump-selection.ts";
import type { ProgressSink } from "../ports/progress.ts";
import type { SampleChoice, SamplePlan, SamplePlanner } from "../ports/sample.ts";
import { type BackupPorts, type BackupSingleRequest, backupSingle, dumpRequestOf } from "./backup-single.ts";
import { checkBackupRequest } from "./check-backup-request.ts";
import { withinDuration } from "./within-duration.ts";

export type BackupSampleRequest = Omit<BackupSingleRequest, "sample" | "resumable"> & { readonly sample: SampleChoice };

export interface PlanSamplePorts {
  readonly planner: SamplePlanner;
  readonly clock: Clock;
  readonly progress: ProgressSink;
}

/** Of how the user may say which rows a sample begins with. */
export interface SampleWish {
  readonly ratio?: number;
  /** A decimal number. */
  readonly percent?: string;
  readonly count?: number;
  readonly seed?: number;
}

/** @throws BackupError USAGE unless exactly one way to choose is given */
export function sampleChoice({ ratio, percent, count, seed = randomInt(LARGEST_SEED + 1) }: SampleWish): SampleChoice {
  const ways: Omit<SampleChoice, "seed">[] = [
    ...(ratio === undefined ? [] : [{ kind: "ratio", value: ratio } as const]),
    ...(percent === undefined ? [] : [{ kind: "percent", value: percentOf(percent) } as const]),
    ...(count === undefined ? [] : [{ kind: "count", value: count } as const]),
  ];
  if (ways.length === 1) return { ...ways[0]!, seed };
  throw new BackupError({
    code: "USAGE",
    message: `a sample needs ${ways.length === 0 ? "to be told how many rows are chosen" : "one way to choose rows"}`,
    hint: "give one of --sample-ratio, --sample-percent and --sample-count",
  });
}

function percentOf(text: string): number {
  const value = /^\d+(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= 100) return value;
  throw new BackupError({
    code: "USAGE",
    message: `"${text}" is no percentage of rows`,
    hint: "give a number above 0 and at most 100, with up to six decimal places",
  });
}

/**
 * Backs up a sample of one database: rows that are chosen, and all that they refer to.
 * @throws BackupError as `backupSingle`
 */
export async function backupSample(
  request: BackupSampleRequest,
  ports: BackupPorts,
  signal: AbortSignal,
): Promise<BackupMetadata> {
  refuseOthers(request);
  return await backupSingle(withoutLargeObjects(request), ports, signal);
}

/** What such a backup would hold. Copies nothing. */
export async function planSample(
  request: Omit<BackupSampleRequest, "destination">,
  { planner, clock, progress }: PlanSamplePorts,
  signal: AbortSignal,
): Promise<SamplePlan> {
  refuseOthers(request);
  checkBackupRequest(request);
  const { database, maxDuration, sample } = request;
  const dump = dumpRequestOf(withoutLargeObjects(request), uuidV7(clock.now()));
  return await withinDuration(maxDuration, `the plan of a sample of "${database}"`, signal, (within) =>
    planner.plan({ ...dump, sample }, { progress, signal: within }),
  );
}

/** Which of them rows refer to cannot be known. */
function withoutLargeObjects<R extends Pick<BackupSingleRequest, "selection" | "mysql">>(request: R): R {
  if (request.mysql !== undefined) return request;
  const selection = request.selection ?? wholeDatabase;
  return selection.largeObjects === undefined
    ? { ...request, selection: { ...selection, largeObjects: false } }
    : request;
}

/** A filter file can ask for what no option of this command does. */
function refuseOthers({ selection, shape, session, statistics }: Omit<BackupSampleRequest, "destination">): void {
  const others: readonly (readonly [boolean | undefined, string])[] = [
    [(selection?.foreignServers.length ?? 0) > 0, "rows of foreign tables"],
    [
      shape?.schemaOnly || shape?.noData || shape?.statisticsOnly || (shape?.sections.length ?? 0) > 0,
      "a part without rows",
    ],
    [session?.enableRowSecurity, "only the rows that policies show"],
    [statistics, "the statistics of all rows"],
  ];
  const found = others.find(([isAsked]) => isAsked === true);
  if (found === undefined) return;
  throw new BackupError({
    code: "USAGE",
    message: `a sample cannot hold ${found[1]}`,
    hint: "leave that out, or use: dbbackup backup single",
  });
}
