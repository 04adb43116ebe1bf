import type { ProgressSink } from "../../ports/progress.ts";
import type { Services } from "../../ports/services.ts";
import type { Output } from "./output.ts";

/** What a command of this front-end works with. */
export interface CliContext {
  readonly services: Services;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly output: Output;
  /** Progress and warnings of the use case; shown as `--progress` says. */
  readonly progress: ProgressSink;
  /** Aborted by Ctrl-C, SIGTERM and the end of the launcher. */
  readonly signal: AbortSignal;
}
