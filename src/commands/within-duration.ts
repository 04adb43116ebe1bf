import { BackupError } from "../core/backup-error.ts";

/**
 * Runs a backup and gives it up after `seconds`, at most LONGEST_DURATION; as long as it takes when undefined.
 * @param what is backed up, in words for the error.
 * @param run ends when its signal is aborted, and leaves nothing then.
 * @throws BackupError DEADLINE
 */
export async function withinDuration<T>(
  seconds: number | undefined,
  what: string,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (seconds === undefined) return await run(signal);
  const deadline = AbortSignal.timeout(seconds * 1000);
  try {
    return await run(AbortSignal.any([signal, deadline]));
  } catch (cause) {
    if (!deadline.aborted || signal.aborted) throw cause;
    throw new BackupError({
      code: "DEADLINE",
      message: `the backup of ${what} was given up after ${seconds} s, the longest that it may take`,
      hint: "raise --max-duration or --max-rate, use more --jobs, or run it when the server has less to do",
      cause,
    });
  }
}
