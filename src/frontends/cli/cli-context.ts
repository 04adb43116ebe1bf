import type { Catalogue, OperationNotes } from "../../ports/catalogue.ts";
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
  /** What this machine knows of repositories; undefined with `--catalogue none`, and when it cannot be used, which was told then. */
  readonly catalogue: () => Promise<Catalogue | undefined>;
  /** Adds to what the history says of this command. */
  readonly note: (notes: OperationNotes) => void;
  /** Aborted by Ctrl-C, SIGTERM and the end of the launcher. */
  readonly signal: AbortSignal;
}
