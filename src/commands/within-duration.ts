import { BackupError } from "../core/backup-error.ts";

const ofBackup = "raise --max-duration or --max-rate, use more --jobs, or run it when the server has less to do";

/**
 * Runs a task and gives it up after `seconds`, at most LONGEST_DURATION; as long as it takes when undefined.
 * @param what the task is, in words for the error: `the backup of "shop"`.
 * @param run ends when its signal is aborted, and leaves nothing then.
 * @throws BackupError DEADLINE
 */
export async function withinDuration<T>(
  seconds: number | undefined,
  what: string,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
  hint = ofBackup,
): Promise<T> {
  if (seconds === undefined) return await run(signal);
  const deadline = AbortSignal.timeout(seconds * 1000);
  try {
    return await run(AbortSignal.any([signal, deadline]));
  } catch (cause) {
    if (!deadline.aborted || signal.aborted) throw cause;
    throw new BackupError({
      code: "DEADLINE",
      message: `${what} was given up after ${seconds} s, the longest that it may take`,
      hint,
      cause,
    });
  }
}
