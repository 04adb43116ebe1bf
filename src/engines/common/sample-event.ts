import type { ProgressEvent } from "../../ports/progress.ts";
import type { SampledTable, SamplePlan } from "../../ports/sample.ts";

/** Tells what a sample will hold. */
export function sampleEvent({ tables }: SamplePlan): ProgressEvent {
  const sum = (of: (table: SampledTable) => number): number => tables.reduce((total, table) => total + of(table), 0);
  return {
    event: "sample",
    rows_chosen: sum(({ chosen }) => chosen),
    rows_referenced: sum(({ referenced }) => referenced),
    bytes: sum(({ estimatedBytes }) => estimatedBytes),
    tables: tables.map(({ schema, name, chosen, referenced, estimatedBytes }) => ({
      schema,
      name,
      rows_chosen: chosen,
      rows_referenced: referenced,
      bytes: estimatedBytes,
    })),
  };
}
