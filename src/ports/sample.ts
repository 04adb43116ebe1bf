import type { DumpContext, DumpRequest } from "./dump.ts";

/** Which rows a sample begins with. All that they refer to through foreign keys comes along. */
export interface SampleChoice {
  /** `ratio`: one of `value` rows; `percent`: so many of a hundred; `count`: of each table so many, at most. */
  readonly kind: "ratio" | "percent" | "count";
  /** A whole number but for `percent`. */
  readonly value: number;
  /** The same seed on the same rows chooses the same ones. */
  readonly seed: number;
}

/** What a sample takes of a table. */
export interface SampledTable {
  /** Unicode. */
  readonly schema: string;
  readonly name: string;
  /** Rows that were chosen, and those that came along since rows of the sample refer to them: exact. */
  readonly chosen: number;
  readonly referenced: number;
  /** Of all these as they are dumped, before compression: estimated from some of them. */
  readonly estimatedBytes: number;
}

/** What a sample will hold. */
export interface SamplePlan {
  /** In the order of the backup. */
  readonly tables: readonly SampledTable[];
}

/** A dump of a sample. */
export type SampleRequest = DumpRequest & { readonly sample: SampleChoice };

/** The part of an engine that says what a sample would hold. */
export interface SamplePlanner {
  /**
   * Chooses the rows as a dump does, and copies none.
   * @throws BackupError as `Dumper.dump`
   */
  plan(request: SampleRequest, context: Pick<DumpContext, "progress" | "signal">): Promise<SamplePlan>;
}
