/** Exit statuses that scripts rely on. New meanings get new numbers; these never change. */
export const ExitStatus = {
  /** All that was asked for is done. */
  done: 0,
  /** Failed: a server, a file or the network said no. */
  failed: 1,
  /** Wrong usage or configuration, known without asking a server, or a missing `--confirm`: nothing was touched. */
  usage: 2,
  /** Finished, but some objects failed. Never called complete. */
  partial: 3,
  /** Verification found damage, or a comparison found a difference. */
  damaged: 4,
  /** Interrupted by SIGINT or SIGTERM. */
  interrupted: 130,
} as const;

export type ExitStatus = (typeof ExitStatus)[keyof typeof ExitStatus];
