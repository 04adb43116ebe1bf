import type { ProgressEvent } from "../../../ports/progress.ts";

/** Shows the progress of one command. Warnings are not its business: they go to the log, whatever the view. */
export interface ProgressView {
  show(event: ProgressEvent): void;
  /** Gets out of the way of a line that somebody else is about to print. */
  clear(): void;
  /** Nothing more comes. */
  end(): void;
}
