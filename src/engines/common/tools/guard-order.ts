/** What the guard process is to run. Seen by others in its arguments: no secrets. */
export interface GuardOrder {
  readonly file: string;
  readonly args: readonly string[];
  /** Whether the tool's standard input is our file descriptor {@link TOOL_INPUT}; else it is empty. */
  readonly hasInput: boolean;
  /** Removed at the end when nobody else is left to do it. */
  readonly folder: string;
}

export const TOOL_INPUT = 3;
/** Exit status of the guard when the tool could not be started, as of shells. */
export const NOT_STARTED = 127;
