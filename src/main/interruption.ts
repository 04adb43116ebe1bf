import { BackupError } from "../core/backup-error.ts";
import { ExitStatus } from "../core/exit-status.ts";
import type { Start } from "./launcher-link.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
/** How long a command may take to clean up when nobody is there any more to press Ctrl-C again. */
const GONE_GRACE_MS = 10_000;

/**
 * Turns signals into an AbortSignal: the first one cancels cleanly, the second one ends the process at once (what is left
 * behind is swept by the next run).
 */
export function watchInterruption(start: Start): AbortSignal {
  const controller = new AbortController();
  // A terminal's Ctrl-C reaches us twice: as a signal, and from the launcher, which got it too. One press is one step of
  // either count, never of their sum.
  let direct = 0;
  let relayed = 0;
  const interrupt = (name: string, count: number): void => {
    if (count > 1) process.exit(ExitStatus.interrupted);
    if (controller.signal.aborted) return;
    controller.abort(new BackupError({ code: "INTERRUPTED", message: `interrupted by ${name}` }));
  };
  for (const name of SIGNALS) process.on(name, () => interrupt(name, ++direct));
  start.watchLauncher({
    signal: (name) => interrupt(name, ++relayed),
    gone: () => {
      interrupt("the end of its launcher", 1);
      setTimeout(() => process.exit(ExitStatus.interrupted), GONE_GRACE_MS).unref();
    },
  });
  return controller.signal;
}
