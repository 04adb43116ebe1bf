/**
 * What commands tell while they work. Fields are only ever added: `--progress json` prints these, one JSON object a line,
 * with `version` and `time` in front (schema: docs/schemas/progress-event-v1.json).
 */
export type ProgressEvent =
  /** A step of the command begins. `phase` is a stable word (`connect`, `introspect`, `data`, ...). */
  | { readonly event: "phase"; readonly phase: string; readonly message: string }
  /** How much work `data` will be, as far as known: an estimate from the catalogue. */
  | {
      readonly event: "estimate";
      readonly bytes: number;
      readonly rows: number;
      readonly objects: number;
      /** Seconds that it takes at least, because the rate is limited. */
      readonly least_seconds?: number;
    }
  /** What a sample will hold; `bytes` are estimated, as dumped, and what `rows_` counts is exact. */
  | {
      readonly event: "sample";
      readonly rows_chosen: number;
      readonly rows_referenced: number;
      readonly bytes: number;
      readonly tables: readonly SampledTableEvent[];
    }
  /**
   * The snapshot of a backup was taken. Until it ends, the server keeps every row version that was deleted or replaced
   * since transaction `xmin`: vacuum cannot remove them.
   */
  | { readonly event: "snapshot"; readonly xmin: string }
  /** Sums since the start of the phase; sent when they change, at most every 100 ms, and every second while statements run. */
  | {
      readonly event: "progress";
      readonly bytes: number;
      readonly rows: number;
      readonly objects: number;
      /** How long the whole command will go on, to a tenth, when the engine can tell. */
      readonly seconds_left?: number;
    }
  /** An object (table, index, large objects) begins or is done. */
  | { readonly event: "object-start"; readonly object: string }
  | { readonly event: "object-end"; readonly object: string; readonly rows: number; readonly bytes: number }
  | { readonly event: "warning"; readonly message: string; readonly object?: string; readonly hint?: string };

export interface SampledTableEvent {
  readonly schema: string;
  readonly name: string;
  readonly rows_chosen: number;
  readonly rows_referenced: number;
  readonly bytes: number;
}

/** Takes events; never throws, never blocks. */
export interface ProgressSink {
  emit(event: ProgressEvent): void;
}
