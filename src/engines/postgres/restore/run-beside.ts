import { BackupError } from "../../../core/backup-error.ts";
import type { ArchiveState } from "./archive-state.ts";
import type { EntryRunner } from "./entry-runner.ts";
import type { RestoreSchedule } from "./restore-schedule.ts";
import type { SelectedEntry } from "./select/select-entries.ts";

/** A session that restores beside the leader's. */
export interface Helper {
  readonly runner: EntryRunner;
  close(): Promise<void>;
}

export interface BesideOptions {
  /** How many sessions, the leader's included. */
  readonly jobs: number;
  readonly open: () => Promise<Helper>;
  readonly onBegin: (selected: SelectedEntry) => void;
  readonly state: ArchiveState;
}

/**
 * Restores everything of a schedule over several sessions. One that cannot be opened is done without.
 * @returns why there were fewer than asked for, if there were.
 * @throws BackupError the first failure; what runs in other sessions is cancelled.
 */
export async function runBeside(
  schedule: RestoreSchedule,
  leader: EntryRunner,
  { jobs, open, onBegin, state }: BesideOptions,
): Promise<string | undefined> {
  const opened = await Promise.allSettled(Array.from({ length: jobs - 1 }, open));
  const helpers = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  try {
    const failed = opened.find((one) => one.status === "rejected")?.reason as unknown;
    if (failed !== undefined && !isBearable(failed)) throw failed;
    await runAll(schedule, [leader, ...helpers.map(({ runner }) => runner)], onBegin, state);
    return isBearable(failed)
      ? `restored with ${helpers.length + 1} of ${jobs} sessions: ${failed.message}`
      : undefined;
  } finally {
    await Promise.all(helpers.map((helper) => helper.close()));
  }
}

function isBearable(error: unknown): error is BackupError {
  return error instanceof BackupError && error.code !== "INTERRUPTED";
}

async function runAll(
  schedule: RestoreSchedule,
  runners: readonly EntryRunner[],
  onBegin: (selected: SelectedEntry) => void,
  state: ArchiveState,
): Promise<void> {
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  state.onSharedLoad = tell;
  const work = async (runner: EntryRunner): Promise<void> => {
    while (!schedule.isDone) {
      const next = schedule.begin();
      if (next === undefined) {
        // Asked before, for it may change while the session helps.
        const change = changed.promise;
        if (!(await runner.help())) await change;
        continue;
      }
      onBegin(next);
      const isDone = await runner.restore(next);
      if (isDone === "too early") schedule.again(next);
      else schedule.end(next, isDone);
      tell();
    }
  };
  await Promise.all(
    runners.map((runner) =>
      work(runner).catch((error: unknown) => {
        schedule.stop();
        tell();
        throw error;
      }),
    ),
  );
}
